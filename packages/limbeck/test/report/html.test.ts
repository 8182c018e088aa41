import { describe, expect, it } from "vitest";
import { html, jsonScript, raw, script } from "../../src/report/html.js";

describe("html", () => {
  it("escapes text and numbers, in content and in quoted attributes", () => {
    const name = `<b a="1" c='2'>&`;
    expect(html`<i title="${name}">${name}${1.5}</i>`.text).toBe(
      '<i title="&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;">&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;1.5</i>',
    );
  });

  it("nests markup and lists, and leaves out what there is not", () => {
    expect(html`<p>${[html`<i>${"<"}</i>`, "<", [raw("<br>")]]}${null}${undefined}${false}${0}</p>`.text).toBe(
      "<p><i>&lt;</i>&lt;<br>0</p>",
    );
  });
});

describe("scripts", () => {
  it("cannot be ended early by their content", () => {
    expect(script('a("</script>"); b("</SCRIPT>"); c("<!--")').text).toBe(
      '<script>a("<\\/script>"); b("<\\/SCRIPT>"); c("<\\!--")</script>',
    );
    const { text } = jsonScript("x", { name: "</script><!--" });
    expect(text).toBe('<script type="application/json" id="x">{"name":"\\u003c/script>\\u003c!--"}</script>');
  });
});
