// The public door: re-exports only. Importing it does no work; the core is compiled by the first `load`.
export { contract, digestOf } from './core/digest.ts';
export type { Data, DataType } from './core/data.ts';
export type {
  AttributeValues,
  ComposedOperator,
  ComposedValue,
  Composer,
  HostOperator,
} from './custom.ts';
export type { KernelDispatch, KernelOperator } from './custom_kernel.ts';
export type { DType, TypedArray } from './core/dtype.ts';
export { DeviceError, ModelError, UnsupportedOpError, type Problem } from './core/errors.ts';
export { Tensor } from './core/tensor.ts';
export type { Feeds } from './feeds.ts';
export type { ValueInfo } from './graph/graph.ts';
export { load } from './load.ts';
export type {
  AuditEvent,
  Backend,
  CheckReport,
  Difference,
  LoadOptions,
  Model,
  ModelOptions,
  Note,
  ProfileStep,
  Progress,
  RunOptions,
  RunResult,
} from './model.ts';
export { readDeviceReport } from './device_report.ts';
export type { DeviceReport } from './evidence/device_report_types.ts';
export type {
  ModelNode,
  SettledNode,
  Settlement,
  SpotCheck,
  TraceBundle,
  ValueSink,
} from './evidence/bundle_types.ts';
export type { Claims, Receipt, Verification } from './evidence/receipt_types.ts';
export type {
  Trace,
  TraceChannel,
  TraceDifference,
  TracedNode,
  TracedValue,
} from './evidence/trace_types.ts';
export { bisectWith, compareTraces, expectDigest } from './pinned.ts';
export { probe, type Probe } from './probe.ts';
export { signReceipt, verifyReceipt } from './receipt.ts';
export { settle, settleTraces, settleWith, spotCheck } from './settle.ts';
export { registerOperator } from './register.ts';
export type { Finding } from './backends/webgpu/gate.ts';
