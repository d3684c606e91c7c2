"""Notifications by mail: plain text, a page, and the report."""

from __future__ import annotations

import functools
import smtplib
import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scanner.jobs.notify import words
from scanner.jobs.notify.message import Notification
from scanner.jobs.notify.post import SendError, reason, tls_context
from scanner.model.profile import EmailTarget, Tls
from scanner.resources import templates_dir

MOST_BYTES = 10 * 1024 * 1024
"""Of an attachment: many mail servers take no more than some 20 MB, and base64 adds a third."""
TYPES = {"report.pdf": ("application", "pdf"), "diff.html": ("text", "html")}


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(templates_dir()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(told: Notification) -> str:
    """Return the notification as HTML. Whatever names hold is text in it."""
    return _environment().get_template("notification.html.j2").render(told=told, words=words)


def compose(
    told: Notification, target: EmailTarget, id_: str, now: datetime, files: Mapping[str, bytes | str]
) -> EmailMessage:
    """Return the message. ``files`` are attachments by name; text in place of bytes says why one is not attached."""
    message = EmailMessage(policy=SMTP)
    # No header can hold a line end: one_line() spells it out, and the addresses were checked.
    message["Subject"] = words.subject(told)
    message["From"] = Address("keyaudit", addr_spec=target.sender)
    message["To"] = ", ".join(target.to)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{id_}@{target.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    notes = [f"{name} is not attached: {why}" for name, why in files.items() if isinstance(why, str)]
    message.set_content("".join(f"{line}\n" for line in [*words.lines(told), *([""] if notes else []), *notes]))
    message.add_alternative(page(told), subtype="html")
    for name, data in files.items():
        if isinstance(data, bytes):
            kind, subtype = TYPES[name]
            message.add_attachment(data, maintype=kind, subtype=subtype, filename=name)
    return message


def send(message: EmailMessage, target: EmailTarget, password: Callable[[], str], *, seconds: float) -> str:
    """Send a message. Returns who was refused, in words, or nothing. Raises SendError.

    With STARTTLS nothing but the greeting is said before TLS: a server that does not offer it is not used. The
    server's certificate and name are verified.
    """
    try:
        with _connected(target, seconds) as server:
            if target.username:
                server.login(target.username, password())
            refused = server.send_message(message, from_addr=target.sender, to_addrs=list(target.to))
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise SendError(f"every address was refused: SMTP {codes[0]}", permanent=min(codes) >= 500) from None
    except smtplib.SMTPNotSupportedError:
        raise SendError(
            "the mail server does not offer what is needed (STARTTLS, or a login)", permanent=True
        ) from None
    except smtplib.SMTPResponseException as error:
        raise SendError(f"the mail server refused: SMTP {error.smtp_code}", permanent=error.smtp_code >= 500) from None
    except OSError as error:  # smtplib's own errors are of this kind, too
        why = "it hung up, or was silent too long" if isinstance(error, smtplib.SMTPException) else reason(error)
        raise SendError(f"the mail server did not answer: {why}") from None
    return f"{len(refused)} of {len(target.to)} addresses were refused" if refused else ""


def _connected(target: EmailTarget, seconds: float) -> smtplib.SMTP:
    name = socket.gethostname()  # getfqdn(), which smtplib would use, asks the network
    if target.tls is Tls.IMPLICIT:
        context = tls_context(target.ca_bundle)
        return smtplib.SMTP_SSL(target.host, target.port, local_hostname=name, timeout=seconds, context=context)
    server = smtplib.SMTP(target.host, target.port, local_hostname=name, timeout=seconds)
    try:
        if target.tls is Tls.STARTTLS:
            server.starttls(context=tls_context(target.ca_bundle))
    except BaseException:
        server.close()
        raise
    return server
