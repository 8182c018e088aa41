/** An array as numpy.save writes it: bytes, or float64. */
export function npyOf(shape: readonly number[], data: Uint8Array | Float64Array): Buffer {
  const descr = data instanceof Uint8Array ? "|u1" : "<f8";
  const fields = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = `${fields.padEnd(Math.ceil((fields.length + 11) / 64) * 64 - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  const start = Buffer.from("\x93NUMPY\x01\x00", "latin1");
  return Buffer.concat([
    start,
    length,
    Buffer.from(header),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  ]);
}
