"""Writes the reference files and prints the digests that the tests of io.patchkit.format hold.

Ran once with Python 3.11, numpy 2.4.6, ml_dtypes 0.6.0 and safetensors 0.8.0.
"""
import hashlib
import json
import pathlib

import ml_dtypes
import numpy as np
import safetensors.numpy

HERE = pathlib.Path(__file__).parent


def values(n, first, dtype):
    """first, first + 1/8, …: exact in every dtype for the sizes used here."""
    return (first + np.arange(n, dtype=np.float32) / 8).astype(dtype)


def files():
    mixed = {
        "half.b": values(3, -1, np.float16),
        "half.a": values(6, 0.5, np.float16).reshape(2, 3),
        "brain": values(4, 2, ml_dtypes.bfloat16).reshape(1, 4, 1),
        "single.z": values(2, -8, np.float32),
        "single.B": values(10, 0, np.float32).reshape(5, 2),
        "a+b.past_key_values.0.key": values(1, 7, np.float32).reshape(()),
    }
    (HERE / "mixed.safetensors").write_bytes(
        safetensors.numpy.save(mixed, {"format": "pt"}))
    (HERE / "bare.safetensors").write_bytes(
        safetensors.numpy.save({"prompt_embeddings": values(15, -1, np.float32).reshape(5, 3)}))
    (HERE / "metadata.safetensors").write_bytes(
        safetensors.numpy.save({"t": values(1, 1, np.float32)},
                               {"text": "\x00\x1f \x7f\"\\/\b\t\n\f\r é 漢 \U0001f600"}))


def sha(array):
    return hashlib.sha256(array.tobytes()).hexdigest()


def canonical(floats):
    floats = floats.astype("<f4")
    floats[np.isnan(floats)] = np.uint32(0x7FC00000).view(np.float32)
    return floats


def halves():
    every = np.arange(65536, dtype=np.uint16)
    print("F16 decoded ", sha(canonical(every.view(np.float16).astype(np.float32))))
    print("BF16 decoded", sha(canonical(every.view(ml_dtypes.bfloat16).astype(np.float32))))
    # A stride through all bit patterns of a float that meets every exponent.
    bits = np.arange(0, 2**32, 4099, dtype=np.uint64).astype(np.uint32)
    floats = bits.view(np.float32)
    floats = floats[~np.isnan(floats)]
    with np.errstate(over="ignore"):
        print("F16 encoded ", sha(floats.astype(np.float16).view("<u2")))
    print("BF16 encoded", sha(floats.astype(ml_dtypes.bfloat16).view("<u2")))


def decimals():
    """json.dumps of every power of two and of a linear congruential walk over all doubles."""
    doubles = [2.0**e for e in range(-1074, 1024)]
    state = 1
    while len(doubles) < 20000:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        double = float(np.uint64(state).view(np.float64))
        if np.isfinite(double):
            doubles.append(double)
    # Short decimals, as people write them.
    doubles += [i / 1000 for i in range(-2000, 2001)] + [float(10**e) for e in range(0, 23)]
    text = "".join(json.dumps(d) + "\n" for d in doubles)
    print("decimals    ", hashlib.sha256(text.encode()).hexdigest(), len(doubles))


def document():
    value = {
        "empty": {"object": {}, "array": [], "string": ""},
        "integers": [0, -1, 2**63 - 1, -2**63, 1000000000000000019884624838656],
        "decimals": [0.0, -0.0, 1.0, -2.5, 1e-05, 0.0001, 1e16, 123456789012345.6, 5e-324,
                     1.7976931348623157e308],
        "escapes": "".join(map(chr, range(32))) + "\"\\/\x7f\u2028é漢\U0001f600",
        "a key with \"quotes\"": None,
        "nested": [[{"deep": [True, False]}], {}],
    }
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    (HERE / "document.json").write_bytes(text.encode())


files()
halves()
decimals()
document()
