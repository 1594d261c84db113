/** Disk images: read in any of the formats that are known here, and written in any. `source.node.ts` and `file-sink.node.ts` have files. */

export { ImageError, type ImageErrorReason } from './errors.ts';
export { lengthOf, type Extent } from './extent.ts';
export { detectFormat, type ImageFormat } from './format.ts';
export { imageInfo, type ImageInfo, type Qcow2Info } from './info.ts';
export { checkQcow2, type Qcow2Check } from './qcow2/check.ts';
export { openImage, type ImageReader } from './reader.ts';
export { blobSource, memorySource, type ImageSource } from './source.ts';
export { writeImage, type ImageProgress, type WriteOptions } from './writer.ts';
