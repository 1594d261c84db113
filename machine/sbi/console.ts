/** SBI 2.0, chapter 12, "Debug Console Extension". */
import { failure, SbiError, sharedMemory, success, type SbiExtension } from './abi.ts';

/** Bytes that one call moves at most: a call may do less than it is asked to. */
const CHUNK = 4096;

export const debugConsole: SbiExtension = {
  id: 0x4442434e,
  functions: [
    /* sbi_debug_console_write */ (call) => {
      const [size, low, high] = call.args;
      const address = sharedMemory(call, low, high, size);
      if (address === undefined) return failure(SbiError.INVALID_PARAM);
      const bytes = new Uint8Array(Math.min(Number(size), CHUNK));
      call.env.ram.read(address, bytes);
      return success(BigInt(call.env.consoleWrite(bytes)));
    },
    /* sbi_debug_console_read */ (call) => {
      const [size, low, high] = call.args;
      const address = sharedMemory(call, low, high, size);
      if (address === undefined) return failure(SbiError.INVALID_PARAM);
      const bytes = call.env.consoleRead(Math.min(Number(size), CHUNK));
      call.env.ram.write(address, bytes);
      return success(BigInt(bytes.length));
    },
    /* sbi_debug_console_write_byte */ ({ env, args: [byte] }) =>
      env.consoleWrite(Uint8Array.of(Number(byte & 0xffn))) === 1 ? success() : { outcome: 'retry' },
  ],
};
