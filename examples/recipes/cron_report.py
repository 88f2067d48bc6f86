"""Save the app's report, and say nothing unless that fails. A line for ``crontab -e``.

0 6 * * *  /srv/venv/bin/python /srv/cron_report.py http://127.0.0.1:7860 /srv/data/report.txt
"""

import sys

from gradio_client_sync import Client, GradioClientError


def main(url, path):
    """Save the report to a file."""
    with Client(url) as app:
        app.predict("/report", timeout=600)[0].save(path)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except GradioClientError as error:
        sys.exit(str(error))
