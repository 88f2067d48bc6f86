"""The mistakes of the page, by subject."""

from __future__ import annotations

from typing import NamedTuple


class Mistake(NamedTuple):
    """One mistake.

    Attributes:
        title: What the user did.
        code: The lines that they typed: Python, or a command if it begins with ``$``. ``URL``,
            ``CLOSED``, ``TLS`` and ``LOGIN`` are addresses.
    """

    title: str
    code: str


GROUPS: dict[str, tuple[Mistake, ...]] = {
    "Connecting": (
        Mistake("No program listens at the address", 'Client("CLOSED")'),
        Mistake("The server does not use TLS", 'Client("https://127.0.0.1:7860")'),
        Mistake("The server uses TLS", 'Client("http://127.0.0.1:8443")'),
        Mistake("The certificate is not trusted", 'Client("https://127.0.0.1:8443")'),
        Mistake("The scheme is missing", 'Client("127.0.0.1:7860")'),
        Mistake("The scheme is misspelt", 'Client("htp://127.0.0.1:7860")'),
        Mistake("Signs of the scheme are missing", 'Client("http//127.0.0.1:7860")'),
        Mistake("The page of a Space without its scheme", 'Client("huggingface.co/spaces/a/b")'),
        Mistake("The address is empty", 'Client("")'),
        Mistake("The path leads to no app", 'Client("URL/nowhere")'),
        Mistake("The app needs a login", 'Client("LOGIN")'),
        Mistake("The password is wrong", 'Client("LOGIN", auth=("ada", "wrong"))'),
        Mistake("The login is no pair", 'Client("LOGIN", auth="ada")'),
        Mistake("Options in a dict, as in JavaScript", 'Client("URL", {"auth": ("ada", "x")})'),
        Mistake("An option of another client", 'Client("URL", ssl_verify=False)'),
        Mistake("Another one", 'Client("URL", verbose=False)'),
        Mistake("Two tokens", 'Client("URL", token="hf_one", hf_token="hf_two")'),
        Mistake("The name of an option is misspelt", 'Client("URL", time_out=10)'),
        Mistake("A text is given for a number", 'Client("URL", timeout="10")'),
        Mistake("There are no workers", 'Client("URL", max_workers=0)'),
        Mistake("The client is closed", 'app.close()\napp.predict("/add", [2, 3])'),
    ),
    "Endpoints": (
        Mistake("The name is misspelt", 'app.predict("/ad", [2, 3])'),
        Mistake("The name is missing", "app.predict([2, 3])"),
        Mistake("The name is missing, and the list, too", "app.predict(2, 3)"),
        Mistake("A text stands in its place", 'app.predict("hello", "French")'),
        Mistake("The route is given for the name", 'app.predict("/gradio_api/call/add", [2, 3])'),
        Mistake("There is no such number", "app.predict(99, [2, 3])"),
        Mistake("An endpoint is called like a method", "app.add(2, 3)"),
        Mistake("The name is misspelt in `view_api`", 'app.view_api("/ad")'),
    ),
    "The form of a call": (
        Mistake("The values are not in a list", 'app.predict("/add", 2, 3)'),
        Mistake("One value is not in a list", 'app.predict("/tell", 3)'),
        Mistake("One text is not in a list", 'app.predict("/translate", "hello")'),
        Mistake("An array is not in a list", 'app.predict("/mirror", np.zeros((8, 8, 3)))'),
        Mistake("The form of `gradio_client`", 'app.predict(2, 3, api_name="/add")'),
        Mistake("Parameters as keywords", 'app.predict("/add", a=2, b=3)'),
        Mistake("The same for `submit`", 'app.submit("/add", a=2, b=3)'),
        Mistake("An option is misspelt", 'app.predict("/add", [2, 3], time_out=10)'),
        Mistake("A value is missing", 'app.predict("/translate", [])'),
        Mistake("There are too many values", 'app.predict("/add", [1, 2, 3])'),
        Mistake("A parameter is misspelt", 'app.predict("/translate", {"txt": "hello"})'),
    ),
    "Values": (
        Mistake("JSON has no NaN", 'app.predict("/add", [float("nan"), 1])'),
        Mistake("JSON has no infinity", 'app.predict("/add", [np.float64("inf"), 1])'),
        Mistake("JSON has no sets", 'app.predict("/count_files", [{1, 2}])'),
        Mistake("JSON has no decimals", 'app.predict("/add", [Decimal("2.5"), 1])'),
        Mistake("An object of a class of your own", 'app.predict("/add", [object(), 1])'),
        Mistake("A text is sent for a number", 'app.predict("/add", ["two", 1])'),
        Mistake("A text is sent for a slider", 'app.predict("/set_volume", ["loud"])'),
        Mistake("A choice that does not exist", 'app.predict("/translate", ["hello", "Klingon"])'),
        Mistake("A number outside the range", 'app.predict("/set_volume", [300])'),
    ),
    "Files": (
        Mistake("A path is sent as a text", 'app.predict("/mirror", ["cat.png"])'),
        Mistake("The same for several files", 'app.predict("/count_files", [["a.txt", "b.txt"]])'),
        Mistake("The file does not exist", 'app.predict("/mirror", [Path("cat.pgn")])'),
        Mistake("`handle_file` of a file that does not exist", 'handle_file("cat.pgn")'),
        Mistake("A file of a result is made by hand", 'RemoteFile("cat.png")'),
        Mistake("A folder is sent for a file", 'app.predict("/mirror", [Path(".")])'),
        Mistake("The file is of another kind", 'app.predict("/mirror", [Path("notes.txt")])'),
        Mistake(
            "The file was opened as text",
            'with open("notes.txt") as file:\n    app.predict("/count_files", [file])',
        ),
        Mistake("`download` takes a folder", 'app.predict("/save")[0].download("out/report.csv")'),
        Mistake("The folder is a file", 'app.predict("/save")[0].save("notes.txt/report.csv")'),
    ),
    "Errors of the app": (
        Mistake("The app refuses the values", 'app.predict("/book", [7])'),
        Mistake("The app hides its error", 'app.predict("/divide", [1, 0])'),
    ),
    "Results": (
        Mistake("A result is a list of outputs", 'app.predict("/add", [2, 3]) + 1'),
        Mistake("Another operation", 'app.predict("/translate", ["hello"]).upper()'),
        Mistake("A conversion", 'float(app.predict("/add", [2, 3]))'),
        Mistake("There are fewer outputs", 'app.predict("/add", [2, 3])[1]'),
        Mistake("There are no outputs", 'app.predict("/forget")[0]'),
        Mistake("No output has this label", 'app.predict("/describe", [Path("cat.png")])["animl"]'),
        Mistake("An output as an attribute", 'app.predict("/add", [2, 3]).total'),
        Mistake("A result does not change", 'app.predict("/add", [2, 3]).append(4)'),
    ),
    "Jobs": (
        Mistake("The event has another name", 'app.submit("/add", [2, 3]).on("done", print)'),
        Mistake("A job is not its result", 'app.submit("/add", [2, 3])[0]'),
        Mistake("A method of another library", 'app.submit("/add", [2, 3]).get()'),
        Mistake("The listener is no function", 'app.submit("/add", [2, 3]).on("data", "print")'),
        Mistake("The result takes longer", 'app.submit("/sleep", [3]).result(timeout=0.5)'),
        Mistake(
            "The job was cancelled",
            'job = app.submit("/tell", [9000])\nnext(iter(job))\njob.cancel()\njob.result()',
        ),
        Mistake("The call takes too long", 'app.predict("/sleep", [3], timeout=0.5)'),
        Mistake("The output is no text", 'list(app.submit("/add", [2, 3]).text())'),
        Mistake("There is no such output", 'list(app.submit("/tell", [3]).text(output=5))'),
        Mistake("There is no such event", 'list(app.submit("/tell", [3]).events("done"))'),
        Mistake("The function takes no stream", 'app.submit("/tell", [3]).send_chunk(b"abc")'),
    ),
    "Functions": (
        Mistake("The name is misspelt", 'app.function("/ad")'),
        Mistake("A parameter is misspelt", 'app.function("/translate")(txt="hello")'),
        Mistake("There are too many values", 'app.function("/add")(1, 2, 3)'),
        Mistake("A value is missing", 'app.function("/translate")()'),
        Mistake("An option is passed as a value", 'app.function("/add")(2, 3, timeout=10)'),
        Mistake("An option is misspelt", 'app.function("/add").with_options(time_out=3)'),
    ),
    "On the command line": (
        Mistake("The endpoint is misspelt", "$ predict URL /ad 2 3"),
        Mistake("The endpoint is missing", "$ predict URL 2 3"),
        Mistake("A file without @", "$ predict URL /mirror picture=cat.png"),
        Mistake("The file does not exist", "$ predict URL /mirror picture=@cat.pgn"),
        Mistake("A value is missing", "$ predict URL /translate"),
        Mistake("The app needs a login", "$ predict LOGIN /add 2 3"),
        Mistake("No program listens at the address", "$ view-api CLOSED"),
        Mistake("The command is misspelt", "$ predct URL /add 2 3"),
    ),
}
