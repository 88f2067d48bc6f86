"""Pictures and sounds that exist as Python objects, as the content of a file.

Pillow and NumPy are used when the user has passed one of their objects, so they are there;
only an array as a picture needs Pillow besides.
"""

from __future__ import annotations

import io
from typing import Any

from ..errors import MissingDependencyError, PayloadError

#: What PNG can hold as it is.
_MODES = frozenset(("1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA"))
_WITH_ALPHA = frozenset(("La", "PA", "RGBa"))

_TOO_LOUD = 2.0  # what comes from resampling overshoots 1; what has another range exceeds this
_CHANNELS = 64


def picture_bytes(picture: Any) -> bytes:
    """A PIL image, or an array of heights by widths by colours, as PNG.

    Args:
        picture: An array holds whole numbers from 0 to 255, or fractions from 0 to 1; its
            last axis, if there is a third, has 1, 3 or 4 colours.

    Raises:
        MissingDependencyError: For an array, Pillow is needed.
        PayloadError: An array of another form is no picture.
    """
    image = picture if hasattr(picture, "save") else _image_of(picture)
    buffer = io.BytesIO()
    try:
        if image.mode not in _MODES:
            image = image.convert("RGBA" if image.mode in _WITH_ALPHA else "RGB")
        image.save(buffer, "PNG", compress_level=1)  # it goes over the wire once
    except (OSError, ValueError) as exc:
        raise PayloadError(f"The picture cannot be written as PNG: {exc}.") from exc
    return buffer.getvalue()


def _image_of(array: Any) -> Any:
    try:
        from PIL import Image
    except ImportError as exc:
        raise MissingDependencyError(
            "An array as a picture needs Pillow: pip install 'gradio-client-sync[images]'. Or "
            "pass the picture as a file.",
            extra="images",
        ) from exc
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise PayloadError(
            f"An array of shape {tuple(array.shape)} is no picture. Its shape is (height, width), "
            "or (height, width, colours) with 1, 3 or 4 colours."
        )
    if array.size == 0 or array.dtype.kind not in "biuf":
        raise PayloadError(f"An array of {array.size} times {array.dtype} is no picture.")
    if array.dtype.kind == "f":
        _check_range(array, "picture", 0, 1)
        array = _without_nan(array).clip(0, 1) * 255 + 0.5
    elif array.dtype.kind == "b":
        array = array * 255
    elif array.min() < 0 or array.max() > 255:
        raise PayloadError(
            f"An array with numbers from {array.min()} to {array.max()} is no picture. Scale it: "
            "whole numbers go from 0 to 255, fractions from 0 to 1."
        )
    return Image.fromarray(array.astype("uint8"))


def _without_nan(array: Any) -> Any:
    array = array.astype("float64")  # a copy
    array[array != array] = 0
    return array


def _check_range(array: Any, what: str, lowest: float, highest: float) -> None:
    if array.size and (array.max() > _TOO_LOUD or array.min() < -_TOO_LOUD):
        raise PayloadError(
            f"An array of fractions from {array.min():g} to {array.max():g} is no {what}; they go "
            f"from {lowest:g} to {highest:g}. Scale it, or convert it to whole numbers."
        )


def sound_bytes(rate: int, samples: Any) -> bytes:
    """Samples as a WAV file of 16 bits.

    Args:
        rate: Samples per second.
        samples: An array of samples, or of samples by channels; whole numbers of 8 to 32
            bits, or fractions from -1 to 1.

    Raises:
        PayloadError: An array of another form is no sound.
    """
    if (
        samples.ndim not in (1, 2)
        or samples.dtype.kind not in "fiu"
        or (samples.dtype.kind in "iu" and samples.dtype.itemsize > 4)
        or (samples.ndim == 2 and not 1 <= samples.shape[1] <= _CHANNELS)
        or not 1 <= rate < 2**31
    ):
        raise PayloadError(
            f"An array of {samples.dtype} and shape {tuple(samples.shape)} at {rate} per second is "
            "no sound. It holds fractions, or whole numbers of 8 to 32 bits, in the shape "
            "(samples,) or (samples, channels)."
        )
    if samples.dtype.kind == "f":
        _check_range(samples, "sound", -1, 1)
        samples = (_without_nan(samples).clip(-1, 1) * 32_767).round()
    else:
        bits = samples.dtype.itemsize * 8
        if samples.dtype.kind == "u":
            samples = samples.astype("int64") - (1 << (bits - 1))
        shift = bits - 16
        samples = samples.astype("int64")
        samples = samples >> shift if shift >= 0 else samples << -shift
    import wave  # few programs send sound, and every first call would pay for it

    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()
