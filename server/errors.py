"""The errors of the server, each with the code that travels to the client.

InvigilError
├── Invalid          400 invalid: the words of a request are wrong
├── BadFrame         400 not_a_jpeg, truncated_jpeg, bad_dimensions, replayed_seq
├── BadPhoto         400 unclear_photo: a reference photo by which nobody can be told
├── NotAuthenticated 401 not_authenticated: no token, a forged or an expired one
├── NotAllowed       403 not_allowed: a good token for something else
├── NotFound         404 not_found
├── Conflict         409 ended: the meeting or the exam is over; held, running: nothing may be deleted now
├── TooLarge         413 too_large
├── TooMany          429 too_many
├── NotBuilt         501 not_implemented
├── Making           503 making: a video is being made; the answer says how far it is
├── ProviderFailed
│   ├── ProviderRefused  502 provider_refused: the video service said no
│   └── ProviderAway     503 provider_away: the video service cannot be had just now
├── Away             503 away: the database cannot be had just now
└── NoSpace          507 no_space: an exam could not be recorded to its end
"""


class InvigilError(Exception):
    """Something was refused. `text` says what was wrong and what to do; it names no person and holds no secret."""

    status = 500
    code = "internal"

    def __init__(
        self, text: str, *, code: str | None = None, last_seq: int | None = None, share: float | None = None
    ) -> None:
        super().__init__(text)
        self.text = text
        self.last_seq = last_seq
        self.share = share
        if code is not None:
            self.code = code

    def body(self) -> dict[str, object]:
        """The one error shape of the wire."""
        error: dict[str, object] = {"code": self.code, "text": self.text}
        if self.last_seq is not None:
            error["last_seq"] = self.last_seq
        if self.share is not None:
            error["share"] = self.share
        return {"ok": False, "error": error}


class Invalid(InvigilError):
    """The words of a request are wrong."""

    status, code = 400, "invalid"


class BadFrame(InvigilError):
    """A frame that is no usable picture, or was sent before."""

    status, code = 400, "not_a_jpeg"


class BadPhoto(InvigilError):
    """A reference photo by which nobody can be told."""

    status, code = 400, "unclear_photo"


class NotAuthenticated(InvigilError):
    """No token, a forged one or an expired one."""

    status, code = 401, "not_authenticated"


class NotAllowed(InvigilError):
    """A good token, for something else."""

    status, code = 403, "not_allowed"


class NotFound(InvigilError):
    """Nothing is there, or nothing that this token may know of."""

    status, code = 404, "not_found"


class Conflict(InvigilError):
    """It does not go with how things are: the meeting or the exam is over, or is held, or still runs."""

    status, code = 409, "ended"


class TooLarge(InvigilError):
    """A body or a frame over its limit."""

    status, code = 413, "too_large"


class TooMany(InvigilError):
    """More calls than the limit allows, or no room left."""

    status, code = 429, "too_many"


class NotBuilt(InvigilError):
    """Part of the wire contract that this version does not serve."""

    status, code = 501, "not_implemented"


class Making(InvigilError):
    """A video is being made."""

    status, code = 503, "making"


class ProviderFailed(InvigilError):
    """The service that holds the video meeting did not do what was asked; `there`: its HTTP status, if any."""

    status, code = 502, "provider_refused"

    def __init__(self, text: str, *, there: int | None = None) -> None:
        super().__init__(text)
        self.there = there


class ProviderRefused(ProviderFailed):
    """The video service said no, or something that nobody understands."""


class ProviderAway(ProviderFailed):
    """The video service cannot be had just now; try again."""

    status, code = 503, "provider_away"


class Away(InvigilError):
    """The database cannot be had just now; try again."""

    status, code = 503, "away"


class NoSpace(InvigilError):
    """The disk has no room for another exam's recordings."""

    status, code = 507, "no_space"
