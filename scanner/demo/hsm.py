"""The demo's HSM: tokens of SoftHSM 2 in a folder, with keys as they should be and keys with planted defects.

SoftHSM is real PKCS #11 without the hardware: made for tests, in no list of certificates. It reads SOFTHSM2_CONF when a
process initializes the library, so one folder holds every token of a process.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from scanner.errors import KeyauditError, MissingExtraError

if TYPE_CHECKING:
    from pkcs11.constants import Attribute, MechanismFlag

HINT = 'apt-get install softhsm2, then pip install "keyaudit[demo]"'
TOOL = "softhsm2-util"
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
"""Where distributions put the library."""
CONFIGURATION = "SOFTHSM2_CONF"
CURVE = "secp256r1"
Days = Annotated[int, Field(ge=0, le=36500)]
_KEY_BYTES = 32


class HsmError(KeyauditError):
    """The demo's tokens could not be made."""

    hint = "is there room in the folder for temporary files?"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TokenKey(_Strict):
    """A key of a token: AES of 256 bits, RSA, or EC on P-256."""

    label: str
    kind: Literal["AES", "RSA", "EC"] = "AES"
    bits: Literal[2048, 3072, 4096] = 3072
    """Length of an RSA key."""
    uses: list[Literal["wrap", "encrypt", "sign"]]
    age_days: Days | None
    """Days from its start date back from the demo's clock; None: it states none."""
    ends_in_days: Days | None = None
    """Days to its end date; None: it states none."""
    exportable: bool = False
    """It can be wrapped out."""
    imported: bool = False
    """Its value was made elsewhere (AES alone)."""
    public: bool = False
    """It is seen without a login."""
    defect: str = ""


class Token(_Strict):
    """A token."""

    label: str
    keys: list[TokenKey] = []

    @property
    def pin_variable(self) -> str:
        """Return the name of the variable that holds its user PIN."""
        return f"{self.label.upper().replace('-', '_')}_HSM_PIN"


def library(modules: Sequence[str] = MODULES) -> str:
    """Return the path of SoftHSM's library, or empty text."""
    return next((path for path in modules if Path(path).is_file()), "")


def unavailable(modules: Sequence[str] = MODULES, package: str = "pkcs11") -> str:
    """Return what is missing for the demo's HSM, and how to install it; empty: nothing."""
    missing = [
        *([] if find_spec(package) else ["python-pkcs11"]),
        *([] if shutil.which(TOOL) else [TOOL]),
        *([] if library(modules) else ["libsofthsm2.so"]),
    ]
    return f"the demo's HSM needs {', '.join(missing)}: {HINT}" if missing else ""


@contextmanager
def tokens(worlds: Sequence[Token], folder: Path, now: datetime) -> Iterator[Mapping[str, str]]:
    """Make the tokens of a world in a folder, as they stand at an instant, and give the variables that a scan needs.

    These are SOFTHSM2_CONF and the user PIN of each token (:attr:`Token.pin_variable`), made up anew each time. Raises
    MissingExtraError where something is not installed, HsmError when a token cannot be made.
    """
    missing = unavailable()
    if missing:
        raise MissingExtraError(missing, hint=HINT)
    store = folder / "tokens"
    store.mkdir(mode=0o700, parents=True)
    configuration = folder / "softhsm2.conf"
    lines = (f"directories.tokendir = {store}\n", "objectstore.backend = file\n", "log.level = ERROR\n")
    configuration.write_text("".join(lines), encoding="utf-8")
    values = {CONFIGURATION: str(configuration)}
    for world in worlds:
        values[world.pin_variable] = _initialize(world, configuration)
    before = os.environ.get(CONFIGURATION)
    os.environ[CONFIGURATION] = str(configuration)
    try:
        _fill(worlds, values, now)
    finally:
        os.environ.pop(CONFIGURATION)
        os.environ.update({CONFIGURATION: before} if before is not None else {})
    yield values


def _initialize(world: Token, configuration: Path) -> str:
    """Make an empty token with two PINs that nobody knows, and return the user's."""
    officer, user = secrets.token_hex(8), secrets.token_hex(8)
    # Their way is the command line of a child, which other users of the machine may see: they open a demo's keys.
    command = [TOOL, "--init-token", "--free", "--label", world.label, "--so-pin", officer, "--pin", user]
    environment = {**os.environ, CONFIGURATION: str(configuration)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise HsmError(f"{TOOL} made no token {world.label!r}: {(done.stderr or done.stdout).strip()}")
    return user


def _fill(worlds: Sequence[Token], values: Mapping[str, str], now: datetime) -> None:
    import pkcs11

    softhsm = pkcs11.lib(library())
    try:
        # It may have been initialized for another folder.
        softhsm.reinitialize()
        for world in worlds:
            token = softhsm.get_token(token_label=world.label)
            with token.open(rw=True, user_pin=values[world.pin_variable]) as session:
                for key in world.keys:
                    _make(session, key, now.date())
    except pkcs11.PKCS11Error as error:
        raise HsmError(f"SoftHSM did not make the demo's keys: {type(error).__name__} {error}") from error
    finally:
        # Whoever scans finds the library as in a process of its own.
        softhsm.finalize()


def _make(session: Any, key: TokenKey, today: date) -> None:  # noqa: ANN401 - a session of python-pkcs11
    from pkcs11.constants import Attribute

    dates: dict[Attribute, Any] = {}
    if key.age_days is not None:
        dates[Attribute.START_DATE] = today - timedelta(days=key.age_days)
    if key.ends_in_days is not None:
        dates[Attribute.END_DATE] = today + timedelta(days=key.ends_in_days)
    # SoftHSM 2.6 cannot read the dates of a private object again that had them from the start; a copy's it can.
    template = {**dates, Attribute.PRIVATE: False, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: key.exportable}
    made, halves = _generated(session, key, template)
    made.copy({Attribute.TOKEN: True, Attribute.PRIVATE: not key.public})
    for half in halves:
        half.copy({Attribute.TOKEN: True})
    for one in (made, *halves):
        one.destroy()


def _generated(session: Any, key: TokenKey, template: dict[Attribute, Any]) -> tuple[Any, tuple[Any, ...]]:  # noqa: ANN401 - as above
    """Return a new session object, and the public half if it has one."""
    from pkcs11 import KeyType
    from pkcs11.constants import Attribute, ObjectClass
    from pkcs11.util.ec import encode_named_curve_parameters

    names: dict[str, Any] = {"label": key.label, "id": secrets.token_bytes(4), "capabilities": _capabilities(key)}
    if key.imported:
        value = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES}
        named = {Attribute.LABEL: key.label, Attribute.ID: names["id"], Attribute.TOKEN: False}
        # What is not told of a key that is brought along, SoftHSM allows.
        uses = dict.fromkeys((Attribute.WRAP, Attribute.UNWRAP), "wrap" in key.uses)
        uses |= dict.fromkeys((Attribute.ENCRYPT, Attribute.DECRYPT), "encrypt" in key.uses)
        uses |= dict.fromkeys((Attribute.SIGN, Attribute.VERIFY), "sign" in key.uses)
        material = {Attribute.VALUE: secrets.token_bytes(_KEY_BYTES)}
        made = session.create_object({**value, **named, **uses, **template, **material})
        return made, ()
    if key.kind == "AES":
        return session.generate_key(KeyType.AES, 8 * _KEY_BYTES, template=template, **names), ()
    if key.kind == "RSA":
        public, private = session.generate_keypair(KeyType.RSA, key.bits, private_template=template, **names)
        return private, (public,)
    parameters = {Attribute.EC_PARAMS: encode_named_curve_parameters(CURVE)}
    curve = session.create_domain_parameters(KeyType.EC, parameters, local=True)
    public, private = curve.generate_keypair(private_template=template, **names)
    return private, (public,)


def _capabilities(key: TokenKey) -> MechanismFlag:
    from pkcs11.constants import MechanismFlag

    flags = {
        "wrap": MechanismFlag.WRAP | MechanismFlag.UNWRAP,
        "encrypt": MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
        "sign": MechanismFlag.SIGN | MechanismFlag.VERIFY,
    }
    found = MechanismFlag(0)
    for use in key.uses:
        found |= flags[use]
    return found
