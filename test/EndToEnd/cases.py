"""The models of the end-to-end tests and what they are fed with.

A model that the compiler cannot do yet has a reason in `blocked`: the runner
prints it as left out. Remove the reason to switch the model on.
"""

import gzip
import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import numpy as np

SENTENCES = ["The cat sits on the warm window sill.", "A kitten rests by the sunny window.",
             "The stock market fell sharply on Monday.", "He repairs old bicycles in his garage."]


@dataclass
class Case:
    """One set of inputs: `inputs(models_folder)` gives arrays by name."""

    name: str
    inputs: Callable[[Path], dict]
    targets: tuple = ("sm_80",)
    # Also run an artifact compiled with --compute=f16.
    half: bool = False
    # Judge every group by its element-wise bound, in the default arithmetic and
    # in these.
    modes: tuple = ()
    # What the virtual GPU checks (RADDLE_VGPU_CHECKS), and its scheduler's seeds.
    checks: str = "all"
    seeds: tuple = (0,)


@dataclass
class Model:
    name: str
    file: str
    cases: list
    targets: tuple = ("sm_80", "sm_90")
    # Bound of the largest error, relative to the range of the output.
    tolerance: float = 1e-4
    # Bound of the whole artifact's size, relative to the ONNX file; 0: only its
    # weights are judged (of small models most of an artifact is PTX).
    size_bound: float = 0
    # The largest error is of logits or probabilities: compare the top-1 too.
    classifier: bool = False
    options: list = field(default_factory=list)
    blocked: str = ""


def tokenize(models, sentences, length=None):
    """The inputs of MiniLM for sentences, padded to the longest or to length."""
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(models / "minilm" / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    encoded = [e.ids for e in tokenizer.encode_batch(sentences)]
    length = length or max(map(len, encoded))
    ids = np.zeros((len(encoded), length), np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(encoded):
        ids[row, : len(tokens)] = tokens[:length]
        mask[row, : len(tokens)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def random_tokens(batch, length):
    """Random words; the rows after the first end in more and more padding."""
    def make(models):
        rng = np.random.default_rng(batch * 1000 + length)
        ids = rng.integers(1000, 28000, (batch, length), dtype=np.int64)
        mask = np.ones_like(ids)
        for row in range(1, batch):
            used = max(1, length - row * length // (batch + 1))
            ids[row, used:] = 0
            mask[row, used:] = 0
        ids[:, 0] = 101
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    return make


def photo(name, mean, scale, key):
    """A photo's middle square at 224x224 as 1x3x224x224, (x - mean) / scale."""
    def make(models):
        from PIL import Image
        image = Image.open(models / "data" / name).convert("RGB")
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side)).resize((224, 224), Image.BICUBIC)
        pixels = (np.asarray(image, np.float32) - np.float32(mean)) / np.float32(scale)
        return {key: np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])}
    return make


def noise(key):
    return lambda models: {key: np.random.default_rng(11).standard_normal((1, 3, 224, 224)).astype(np.float32)}


def speech(models, rate):
    """A spoken 'front center' at the given rate (the file has 48 kHz)."""
    with wave.open(str(models / "data" / "speech" / "Front_Center.wav")) as file:
        assert file.getframerate() == 48000 and file.getnchannels() == 1 and file.getsampwidth() == 2
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32768
    step = 48000 // rate
    return samples[: len(samples) // step * step].reshape(-1, step).mean(1)


def frames(models, rate, count=None):
    """Frames of 32 ms with 4 ms of the frame before, as the detector wants."""
    samples = speech(models, rate)
    size, context = rate * 32 // 1000, rate * 4 // 1000
    number = len(samples) // size
    padded = np.concatenate([np.zeros(context, np.float32), samples])
    rows = np.stack([padded[i * size: i * size + size + context] for i in range(number)])
    return rows[:count] if count else rows


def silero_frame(rate, with_rate):
    def make(models):
        # A frame in the middle of a word.
        inputs = {"input": frames(models, rate)[10:11], "state": np.zeros((2, 1, 128), np.float32)}
        rng = np.random.default_rng(rate)
        inputs["state"] = rng.normal(0, 0.3, (2, 1, 128)).astype(np.float32)
        if with_rate:
            inputs["sr"] = np.array(rate, np.int64)
        return inputs
    return make


def silero_sequence(count):
    def make(models):
        zero = np.zeros((1, 1, 128), np.float32)
        return {"input": frames(models, 16000, count), "h": zero, "c": zero}
    return make


def clothes(count):
    def make(models):
        path = models / "data" / "fashion-mnist" / "t10k-images-idx3-ubyte.gz"
        pixels = np.frombuffer(gzip.open(path).read(), np.uint8, offset=16)
        return {"x": pixels.reshape(-1, 1, 28, 28)[:count].astype(np.float32) / 255}
    return make


BOTH = ("sm_80", "sm_90")
MODES = ("f16", "bf16", "tf32")
SEEDS = (0, 1, 2)


def sentence_encoder(name, file, **extra):
    return Model(name, file, [
        Case("sentences", lambda models: tokenize(models, SENTENCES), BOTH, half=True, modes=MODES),
        Case("1x1", random_tokens(1, 1)),
        Case("1x128", random_tokens(1, 128)),
        Case("4x12", random_tokens(4, 12), seeds=SEEDS),
        Case("3x77", random_tokens(3, 77)),
        Case("2x512", random_tokens(2, 512)),
    ], **extra)


IMAGENET = ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])

MODELS = [
    sentence_encoder("minilm_int8", "minilm_int8.onnx", size_bound=1.1),
    sentence_encoder("minilm_fp32", "minilm_l6_v2.onnx"),
    Model("efficientnet_lite0", "efficientnet_lite0.onnx",
          [Case("cat", photo("cat.png", 127, 128, "x"), BOTH, half=True, modes=MODES)], classifier=True),
    Model("silero_sequence", "silero_vad_16k_sequence.onnx",
          [Case("44 frames", silero_sequence(44), BOTH, half=True, modes=MODES, seeds=SEEDS), Case("1 frame", silero_sequence(1))]),
    Model("silero_openvino", "silero_vad_openvino_16k.onnx",
          [Case("frame", silero_frame(16000, False), BOTH, half=True, modes=MODES, seeds=SEEDS)]),
    Model("silero", "silero_vad.onnx",
          [Case("16 kHz", silero_frame(16000, True), BOTH, half=True, modes=MODES, seeds=SEEDS),
           Case("8 kHz", silero_frame(8000, True), BOTH, modes=("f16",))]),
    Model("vit_saliency", "vit_s_focus.onnx",
          [Case("portrait", photo("astronaut.png", *IMAGENET, "input_image"), BOTH, half=True, modes=MODES)]),
    Model("resnet50", "resnet50_rand.onnx", [Case("noise", noise("gpu_0/data_0"), BOTH, half=True, modes=MODES)], classifier=True),
    Model("squeezenet", "squeezenet_rand.onnx", [Case("noise", noise("data_0"), BOTH, half=True, modes=MODES)], classifier=True),
    Model("fashion_mnist", "fmnist_dwcnn.onnx",
          [Case("256 images", clothes(256), BOTH, half=True, modes=MODES), Case("1 image", clothes(1), seeds=SEEDS)], classifier=True),
]
