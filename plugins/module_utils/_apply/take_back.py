# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take a guarded change back: the old values of its record, and the records that killed guards left open."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply import armed, incarnation
from ansible_collections.rxpath.linux.plugins.module_utils._apply.armed import Record
from ansible_collections.rxpath.linux.plugins.module_utils._apply.device import device_name
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError, NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import Knob
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.order import knob_rank

# A driver that is just resetting answers EBUSY for a moment.
_TRIES = 5
_PAUSE = 1.0


class GuardedError(KnobError):
    """Another change waits for its confirmation; ``seconds`` until it is decided."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


def as_old_values(entries: list[tuple[str, Target, Any]]) -> list[dict[str, Any]]:
    """Return knobs, targets and values as a record holds them, in the order in which they are to be put back."""
    rows = sorted(entries, key=lambda entry: knob_rank(entry[0]))
    return [
        {"knob": name, "device": target.device, "item": target.item, "value": value} for name, target, value in rows
    ]


def _knob(name: str) -> Knob:
    """Return a knob; loaded late, since most who ask for an outcome turn none."""
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs import knob

    return knob(name)


def put_back(host: Host, record: Record) -> list[str]:
    """Write the old values that differ from what is there now, under the device's present name; return what failed.

    A value that cannot be written leaves the ones after it to be tried all the same.
    """
    name = record["device"]
    if record.get("key"):
        name = device_name(host, record["key"])
        if name is None:
            return ["%s is gone" % record["device"]]
    failures = []
    _free_channels(host, name, record)
    for row in record["revert"]:
        target = Target(name if row["device"] == record["device"] else row["device"], row["item"])
        failure = _restore(host, row["knob"], target, row["value"])
        if failure is not None:
            failures.append(failure)
    return failures


def _free_channels(host: Host, name: str, record: Record) -> None:
    """Give the indirection table back to the driver where the channels are to change: a set one may forbid that."""
    rows = {row["knob"]: row for row in record["revert"]}
    if "channels" in rows and "indirection" in rows:
        with contextlib.suppress(KnobError, OSError):
            if _knob("channels").read(host, Target(name, rows["channels"]["item"])) != rows["channels"]["value"]:
                _knob("indirection").write(host, Target(name, rows["indirection"]["item"]), "default")


def _restore(host: Host, name: str, target: Target, value: Any) -> str | None:
    """Put one value back; return what kept it from being put back."""
    failure = ""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE)
        try:
            if _knob(name).read(host, target) == value:
                return None
            _knob(name).write(host, target, value)
            return None
        except NotSupportedError as error:
            return str(error)
        except (KnobError, OSError) as error:
            failure = str(error)
    return failure


def take_back(host: Host, token: str, why: str) -> Record:
    """Put the old values of a record back and close it; a record that is closed already stays as it is.

    Returns the record as it is now. Raises KnobError, OSError where the record cannot be read or written.
    """
    with armed.turn(host, token):
        record = armed.read(host, token)
        if record is None:
            raise KnobError("token %s is unknown" % token)
        if record["phase"] not in armed.OPEN:
            return record
        record.update(phase=armed.REVERTING, reason=why, at=time.time())
        armed.write(host, record)
        failures = put_back(host, record)
        record.update(phase=armed.STUCK if failures else armed.REVERTED, at=time.time(), failures=failures)
        armed.write(host, record)
    return record


def settle(host: Host) -> list[str]:
    """Close what killed guards left open, before anything else is changed; return what was done, as sentences.

    Raises GuardedError where a guard still waits for a confirmation (not where this process is the guard), KnobError
    where the old values cannot be put back.
    """
    done = []
    for token in armed.tokens(host):
        if armed.mine(token):
            continue
        record = armed.read(host, token)
        if record is None or record["phase"] not in armed.OPEN:
            continue
        if armed.is_alive(host, token):
            raise GuardedError(
                "a change of %s made at %s waits for its confirmation until %s"
                % (record["device"], clock(record["armed_at"]), clock(record["deadline"])),
                max(0.0, record["deadline"] - time.time()),
            )
        closed = take_back(host, token, "its guard was killed before it was confirmed")
        if closed["phase"] == armed.STUCK:
            raise KnobError(sentence(closed))
        done.append(sentence(closed))
    return done


def clear(host: Host) -> None:
    """Remove what the guards and the boot's marks have left below /run, once everything is as it was."""
    for token in armed.tokens(host):
        armed.remove(host, token)
    for directory in (armed.DIRECTORY, incarnation.DIRECTORY):
        place = host.path(directory)
        with contextlib.suppress(OSError):
            for name in os.listdir(place):
                os.unlink(os.path.join(place, name))
            os.rmdir(place)


def clock(moment: float) -> str:
    """Return a time of day by this host's clock."""
    return time.strftime("%H:%M:%S", time.localtime(moment))


def what(record: Record) -> str:
    """Name the change of a record."""
    return "the change of %s of %s" % (record["family"], record["device"])


def sentence(record: Record) -> str:
    """Say what became of a record."""
    subject, phase = what(record), record["phase"]
    left = "; ".join(record.get("failures") or ())
    if phase == armed.CONFIRMED:
        return "%s was confirmed at %s" % (subject, clock(record["at"]))
    if phase == armed.REVERTED:
        return "%s was reverted at %s, because %s" % (subject, clock(record["at"]), record["reason"])
    if phase == armed.FAILED:
        text = "%s failed at %s: %s" % (subject, clock(record["at"]), record["reason"])
        return "%s; not put back: %s" % (text, left) if left else text
    if phase == armed.STUCK:
        return "%s had to be reverted, because %s, and could not: %s" % (subject, record["reason"], left)
    return "%s waits for its confirmation until %s" % (subject, clock(record["deadline"]))
