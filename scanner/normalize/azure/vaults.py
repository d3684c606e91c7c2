"""The listings of vaults and managed HSMs of a subscription: that they are whole. Each vault tells of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.model.audit import AuditScopeFact, AuditTrailFact
from scanner.model.facts import Fact
from scanner.model.modules import ModuleFact
from scanner.model.observation import Record
from scanner.model.tables import KeyFact, KeyPolicyFact
from scanner.model.vaults import VaultFact
from scanner.normalize.records import Records

LISTINGS = ("keyvault:Vaults_ListBySubscription", "keyvault:ManagedHsms_ListBySubscription")
INSIDE: tuple[type[Fact], ...] = (VaultFact, KeyFact, KeyPolicyFact, ModuleFact, AuditScopeFact, AuditTrailFact)
"""Tables whose rows are of vaults: where no vault is listed, there is none of theirs either."""


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield whether what holds keys in a subscription was listed to the end. The rows are in units of their own."""
    unit = Records(records)
    for operation in LISTINGS:
        if unit.asked(operation):
            complete = unit.listing(operation, None, "value", identity="id").complete
            for table in INSIDE:
                yield unit.coverage(table, operation, unit.source, None, 0, complete=complete, among=True)
