import { PADDING, type TextShape } from "../data/texts/encode.js";

/** A special token's text: nobody writes that by accident. */
const PAD = "<|padding|>";

/**
 * `tokenizer.json`: a tokenizer whose tokens are bytes, so that their numbers are what `textBytes` gives. It has the format of Hugging Face's
 * tokenizers: a byte-level BPE without merges.
 */
export function byteTokenizer({ lowercase }: TextShape): object {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [
      { id: PADDING, content: PAD, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    ],
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "NFC" },
        { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
        { type: "Strip", strip_left: true, strip_right: true },
        ...(lowercase ? [{ type: "Lowercase" }] : []),
      ],
    },
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      vocab: Object.fromEntries(byteCharacters().map((character, byte) => [character, byte])),
      merges: [],
    },
  };
}

/** `tokenizer_config.json`: longer texts are cut off where the student's bytes end. */
export function tokenizerConfig({ bytes }: TextShape): object {
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    model_max_length: bytes,
    pad_token: PAD,
    clean_up_tokenization_spaces: false,
  };
}

/**
 * The characters that stand for bytes in byte-level tokenizers (Radford et al. 2019): printable ones of Latin-1 for themselves, and those
 * from U+0100 on for the others, in order.
 */
function byteCharacters(): string[] {
  const isPrintable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : 256 + others++));
}
