"""Golden sounds: writes audio.json. Needs NumPy. Run: python3 make_audio.py

Files are written by Python's wave module (or by hand, where it cannot) and read back by it; features are computed straight from
their definitions: a matrix of the discrete Fourier transform, and the sinc's sum for each new sample.
"""

import base64
import io
import json
import struct
import wave
from math import ceil, gcd
from pathlib import Path

import numpy as np

rng = np.random.default_rng(7)


def written(values, width, channels, rate):
    """Integers [frames, channels] as a WAV file, by Python's own writer."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        if width == 1:
            file.writeframes((values + 128).astype(np.uint8).tobytes())
        elif width == 3:
            file.writeframes(values.astype("<i4").reshape(-1, 1).view(np.uint8)[:, :3].tobytes())
        else:
            file.writeframes(values.astype(f"<i{width}").tobytes())
    return out.getvalue()


def read(content):
    """A WAV file's mean over channels, as readers by wave and NumPy usually have it."""
    with wave.open(io.BytesIO(content)) as file:
        width, channels = file.getsampwidth(), file.getnchannels()
        raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8)
    if width == 1:
        values = (raw.astype(np.float64) - 128) / 128
    elif width == 3:
        padded = np.zeros((len(raw) // 3, 4), np.uint8)
        padded[:, 1:] = raw.reshape(-1, 3)
        values = padded.view("<i4")[:, 0] / 2**31
    else:
        values = raw.view(f"<i{width}") / 2.0 ** (8 * width - 1)
    return values.reshape(-1, channels).mean(axis=1)


def floats(values, bits, channels, rate):
    """The same of floats, which Python does not write."""
    data = values.astype(f"<f{bits // 8}").tobytes()
    block = channels * bits // 8
    head = struct.pack("<HHIIHH", 3, channels, rate, rate * block, block, bits)
    body = b"WAVEfmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def mel_of(f):
    return 2595 * np.log10(1 + f / 700)


def log_mel(samples, rate, mels, window, hop, size):
    frames = np.stack([samples[i : i + window] for i in range(0, len(samples) - window + 1, hop)])
    hann = np.sin(np.pi * np.arange(window) / window) ** 2
    bins = np.arange(size // 2 + 1)
    dft = np.exp(-2j * np.pi * np.outer(np.arange(window), bins) / size)
    power = np.abs((frames * hann) @ dft) ** 2
    edges = 700 * (10 ** (np.linspace(0, mel_of(rate / 2), mels + 2) / 2595) - 1)
    bank = np.stack([np.interp(bins * rate / size, edges[m : m + 3], [0, 1, 0], 0, 0) for m in range(mels)])
    return np.log(power @ bank.T + 1e-6).T


def resampled(samples, start, end):
    common = gcd(start, end)
    up, down = end // common, start // common
    cutoff = 0.945 * min(1, up / down)
    reach = 16 / cutoff
    places = np.arange(len(samples))
    far = np.arange(-int(reach) - 2, len(samples) + int(reach) + 2)
    padded = np.zeros(len(far))
    padded[places - far[0]] = samples
    values = []
    for n in range(ceil(len(samples) * up / down)):
        distance = far - n * down / up
        inside = np.abs(distance) < reach - 1e-9
        window = np.where(inside, np.i0(8 * np.sqrt(np.clip(1 - (distance / reach) ** 2, 0, 1))), 0)
        weights = np.sinc(cutoff * distance) * window
        values.append(weights @ padded / weights.sum())
    return values


def listed(values):
    return [float(f"{v:.9g}") for v in np.ravel(values)]


files = []
for width, channels in [(1, 1), (2, 1), (2, 2), (3, 3), (4, 1)]:
    most = 2 ** (8 * width - 1)
    values = rng.integers(-most, most, size=(11, channels))
    values[0], values[1] = -most, most - 1
    content = written(values, width, channels, 8000)
    files.append({"name": f"int{8 * width}x{channels}", "wav": base64.b64encode(content).decode(), "samples": listed(read(content))})
for bits, channels in [(32, 1), (64, 2)]:
    values = rng.normal(size=(9, channels))
    content = floats(values, bits, channels, 44100)
    mean = values.astype(f"<f{bits // 8}").astype(np.float64).mean(axis=1)
    files.append({"name": f"float{bits}x{channels}", "wav": base64.b64encode(content).decode(), "samples": listed(mean)})

sound = (0.3 * np.sin(0.2 * np.arange(700)) + 0.1 * rng.normal(size=700)).astype(np.float32)
sound[300:400] = 0
cases = [
    {"sampleRate": 8000, "mels": 40, "window": 200, "hop": 80, "size": 256},
    {"sampleRate": 16000, "mels": 64, "window": 160, "hop": 100, "size": 512},
]
for case in cases:
    case["values"] = listed(log_mel(sound.astype(np.float64), case["sampleRate"], case["mels"], case["window"], case["hop"], case["size"]))

rates = [(44100, 16000), (8000, 16000), (11025, 8000), (16000, 8000)]
golden = {
    "files": files,
    "sound": listed(sound),
    "logMel": cases,
    "resampled": [{"from": a, "to": b, "values": listed(resampled(sound[:200].astype(np.float64), a, b))} for a, b in rates],
}
Path(__file__).with_name("audio.json").write_text(json.dumps(golden) + "\n")
