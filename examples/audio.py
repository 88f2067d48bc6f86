"""Upload an audio file, show the upload, and read the audio file in the result.

python examples/audio.py http://127.0.0.1:7860 speech.wav
"""

import sys
import wave
from pathlib import Path

from gradio_client_sync import Client

url, speech = sys.argv[1:]

with Client(url) as app:
    job = app.submit("/louder", {"speech": Path(speech), "factor": 3})
    job.on("upload", lambda upload: print(f"sent {upload.done_bytes} of {upload.total_bytes}"))
    louder = job.result()[0]
    with louder.open() as file, wave.open(file) as sound:
        print(f"{sound.getnframes() / sound.getframerate():.2f} s at {sound.getframerate()} Hz")
