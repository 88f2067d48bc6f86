"""Convert pictures and sounds from Python objects to the content of a file.

Pillow and NumPy are used only for objects of these packages, so they are installed then. One case
needs another package: an array as a picture needs Pillow.
"""

from __future__ import annotations

import io
from typing import Any

from .._basics.words import counted
from ..errors import MissingDependencyError, PayloadError

#: The modes of Pillow that PNG can store unchanged.
_MODES = frozenset(("1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA"))
_WITH_ALPHA = frozenset(("La", "PA", "RGBa"))

# Resampled values may exceed 1 a little and are clipped. Values in another range exceed this.
_TOO_LOUD = 2.0
_CHANNELS = 64


def picture_bytes(picture: Any) -> bytes:
    """Return a picture as PNG.

    Args:
        picture: A PIL image, or an array of the shape (height, width) or (height, width, colours)
            with 1, 3 or 4 colours. The array has integers from 0 to 255 or floats from 0 to 1.

    Raises:
        MissingDependencyError: An array needs Pillow, which is not installed.
        PayloadError: The array has another shape or other numbers.
    """
    image = picture if hasattr(picture, "save") else _image_of(picture)
    buffer = io.BytesIO()
    try:
        if image.mode not in _MODES:
            image = image.convert("RGBA" if image.mode in _WITH_ALPHA else "RGB")
        # The picture is sent only once, so a smaller size is not worth the time.
        image.save(buffer, "PNG", compress_level=1)
    except (OSError, ValueError) as exc:
        raise PayloadError(f"The picture cannot be written as PNG: {exc}.") from exc
    return buffer.getvalue()


def _image_of(array: Any) -> Any:
    try:
        from PIL import Image
    except ImportError as exc:
        raise MissingDependencyError(
            "An array as a picture needs Pillow, which is not installed. Run pip install "
            "'gradio-client-sync[images]', or pass the picture as a file.",
            extra="images",
        ) from exc
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise PayloadError(
            f"An array of shape {tuple(array.shape)} cannot be sent as a picture. The shape must "
            "be (height, width), or (height, width, colours) with 1, 3 or 4 colours."
        )
    if array.size == 0 or array.dtype.kind not in "biuf":
        raise PayloadError(
            f"An array of {counted(array.size, 'value')} of type {array.dtype} cannot be sent as a "
            "picture. Pass integers from 0 to 255, or floats from 0 to 1."
        )
    if array.dtype.kind == "f":
        _check_range(array, "picture", 0, 1)
        array = _without_nan(array).clip(0, 1) * 255 + 0.5
    elif array.dtype.kind == "b":
        array = array * 255
    elif array.min() < 0 or array.max() > 255:
        raise PayloadError(
            f"An array with integers from {array.min()} to {array.max()} cannot be sent as a "
            "picture. Scale it to integers from 0 to 255, or floats from 0 to 1."
        )
    return Image.fromarray(array.astype("uint8"))


def _without_nan(array: Any) -> Any:
    array = array.astype("float64")  # a copy
    array[array != array] = 0
    return array


def _check_range(array: Any, what: str, lowest: float, highest: float) -> None:
    if array.size and (array.max() > _TOO_LOUD or array.min() < -_TOO_LOUD):
        raise PayloadError(
            f"An array of floats from {array.min():g} to {array.max():g} cannot be sent as a "
            f"{what}. Scale it to floats from {lowest:g} to {highest:g}, or convert it to integers."
        )


def sound_bytes(rate: int, samples: Any) -> bytes:
    """Return a sound as a WAV file of 16 bits.

    Args:
        rate: The number of samples per second.
        samples: An array of the shape (samples,) or (samples, channels). It has integers of 8 to
            32 bits, or floats from -1 to 1.

    Raises:
        PayloadError: The array has another shape or other numbers.
    """
    if (
        samples.ndim not in (1, 2)
        or samples.dtype.kind not in "fiu"
        or (samples.dtype.kind in "iu" and samples.dtype.itemsize > 4)
        or (samples.ndim == 2 and not 1 <= samples.shape[1] <= _CHANNELS)
        or not 1 <= rate < 2**31
    ):
        raise PayloadError(
            f"An array of type {samples.dtype} and shape {tuple(samples.shape)} at {rate} samples "
            "per second cannot be sent as a sound. Pass floats, or integers of 8 to 32 bits, in "
            "the shape (samples,) or (samples, channels)."
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
    import wave  # imported here because few programs send sounds

    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()
