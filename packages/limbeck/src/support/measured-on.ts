/** What figures were measured on. */
export interface MeasuredOn {
  readonly limbeck: string;
  readonly node: string;
  readonly onnxruntime: string;
  readonly cpu: string;
  readonly platform: string;
}
