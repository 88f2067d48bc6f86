"""Texts that an app might send to run a script in a notebook, or to make it call a server.

`MARK` stands for the URL that the script would call; a test replaces it.
"""

from __future__ import annotations

MARK = "http://beacon.invalid"
_CALL = f"new Image().src='{MARK}/ran'"

ATTACKS = (
    f"<script>{_CALL}</script>",
    f"</pre></div></td></table><script>{_CALL}</script>",
    f'"><img src=x onerror="{_CALL}">',
    f'\'><svg onload="{_CALL}">',
    f'</iframe><script>{_CALL}</script><iframe srcdoc="<script>parent.{_CALL}</script>">',
    f"&quot;&gt;&lt;script&gt;{_CALL}&lt;/script&gt;",
    f'<a href="javascript:{_CALL}" id=x>x</a><form action="javascript:{_CALL}"><button>',
    f"<iframe src=\"javascript:{_CALL}\"></iframe><object data='{MARK}/object'></object>",
    f"<img src='{MARK}/img'><link rel=stylesheet href='{MARK}/css'><video src='{MARK}/video'>",
    f"<style>@import '{MARK}/import'; body {{background: url('{MARK}/background')}}</style>",
    f"<meta http-equiv=refresh content=\"0;url={MARK}/refresh\"><base href='{MARK}/'>",
    f"</style><script>{_CALL}</script>\u2028\x00<scr\x00ipt>{_CALL}</scr\x00ipt>",
    "javascript:alert(1)",
    f"data:text/html,<script>{_CALL}</script>",
)

SVG = (
    f"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9' onload=\"{_CALL}\">"
    f"<script>{_CALL}</script><image href='{MARK}/image'/>"
    f"<foreignObject><img xmlns='http://www.w3.org/1999/xhtml' src='{MARK}/foreign'/>"
    "</foreignObject></svg>"
)
