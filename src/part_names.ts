// Generated from the parts by `npm run docs:operators`: the operators of each that is not loaded with the library, as
// `Type`, or `domain:Type` outside ai.onnx.
export const PART_NAMES = {
  control:
    'Compress ConcatFromSequence Identity If Loop NonMaxSuppression NonZero Optional OptionalGetElement OptionalHasElement Scan SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap SplitToSequence Unique ai.onnx.preview:FlexAttention',
  images: 'ImageDecoder',
  language:
    'Attention CausalConvWithState LinearAttention RotaryEmbedding TensorScatter ai.onnx.preview:FlexAttention com.microsoft:Attention com.microsoft:BiasAdd com.microsoft:BiasGelu com.microsoft:BiasSplitGelu com.microsoft:CausalConvWithState com.microsoft:EmbedLayerNormalization com.microsoft:FastGelu com.microsoft:FusedConv com.microsoft:FusedGemm com.microsoft:FusedMatMul com.microsoft:Gelu com.microsoft:GroupQueryAttention com.microsoft:LinearAttention com.microsoft:MultiHeadAttention com.microsoft:QAttention com.microsoft:QuickGelu com.microsoft:RotaryEmbedding com.microsoft:SkipLayerNormalization com.microsoft:SkipSimplifiedLayerNormalization',
  other:
    'Bernoulli Einsum Multinomial NegativeLogLikelihoodLoss RandomNormal RandomNormalLike RandomUniform RandomUniformLike SoftmaxCrossEntropyLoss ai.onnx.ml:Binarizer ai.onnx.ml:LinearRegressor ai.onnx.ml:Scaler ai.onnx.preview.training:Adagrad ai.onnx.preview.training:Adam ai.onnx.preview.training:Momentum',
  quantised:
    'ConvInteger MatMulInteger QLinearConv QLinearMatMul com.microsoft:DequantizeLinear com.microsoft:DynamicQuantizeMatMul com.microsoft:GatherBlockQuantized com.microsoft:MatMulIntegerToFloat com.microsoft:MatMulNBits com.microsoft:QGemm com.microsoft:QLinearAdd com.microsoft:QLinearAveragePool com.microsoft:QLinearConcat com.microsoft:QLinearGlobalAveragePool com.microsoft:QLinearLeakyRelu com.microsoft:QLinearMul com.microsoft:QLinearSigmoid com.microsoft:QLinearSoftmax com.microsoft:QLinearWhere com.microsoft:QuantizeLinear',
  signal: 'BlackmanWindow DFT GRU HammingWindow HannWindow LSTM MelWeightMatrix RNN STFT',
  texts:
    'Cast CastLike Concat Constant ConstantOfShape DepthToSpace Equal Expand Flatten Gather GatherElements GatherND OneHot Pad RegexFullMatch Reshape ReverseSequence Scatter ScatterElements ScatterND Shape Size Slice SpaceToDepth Split Squeeze StringConcat StringNormalizer StringSplit TfIdfVectorizer Tile Transpose Trilu Unsqueeze Where ai.onnx.ml:ArrayFeatureExtractor ai.onnx.ml:CastMap ai.onnx.ml:CategoryMapper ai.onnx.ml:DictVectorizer ai.onnx.ml:Imputer ai.onnx.ml:LabelEncoder ai.onnx.ml:OneHotEncoder ai.onnx.ml:ZipMap',
  trees: 'ai.onnx.ml:TreeEnsemble ai.onnx.ml:TreeEnsembleRegressor',
  vision:
    'AffineGrid CenterCropPad Col2Im ConvTranspose DeformConv Det GridSample MaxRoiPool MaxUnpool Resize ReverseSequence RoiAlign Scatter ScatterElements ScatterND Upsample',
} as const;

export type PartName = keyof typeof PART_NAMES;
