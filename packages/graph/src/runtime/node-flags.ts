/**
 * Flags for a Node process that trains: with them a step's old state gives its memory back at once, which Node does by
 * itself from 22 on. Without them it waits for the garbage collector; results are the same.
 */
export const nodeFlags: readonly string[] =
  Number(process.versions.node.split(".")[0]) < 22 ? ["--harmony-rab-gsab-transfer"] : [];
