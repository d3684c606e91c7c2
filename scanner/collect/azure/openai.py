"""Azure OpenAI: the accounts of a subscription, with what each keeps and under which key.

What was said to a model is never read.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.collect.azure.accounts import PAGING, Service, Way
from scanner.collect.azure.shapes import UNREGISTERED, identified
from scanner.collect.interface import Asking, Unit
from scanner.model.operation import Operation, columns

NAME = "azure.openai"
ACCOUNTS = "cognitiveservices:Accounts_List"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=ACCOUNTS,
        permissions=("Microsoft.CognitiveServices/accounts/read",),
        feeds=(
            *columns(
                "ai_services",
                *("*", "name", "retention_mode", "retained_by_provider", "retention_exceptions", "store_id"),
                *("stores_conversations", "local_keys", "public_network", "prompts_logged", "logs_text", "logs_audio"),
                *("log_bucket_id", "log_group_id", "large_data_bucket_id"),
            ),
            *columns(
                "data_stores",
                *("*", "name", "created_at", "copy_of", "encrypted", "provider_encryption", "key_ref", "key_id"),
                *("key_managed_by", "key_state", "customer_key_possible", "ephi", "tags", "public", "tls_only"),
            ),
        ),
        kinds=("data_stores.ai_account",),
        purpose="accounts of Azure OpenAI: retention, key, network and local keys",
    ),
)


def collect(asking: Asking, _: Way) -> Iterator[Unit]:
    """List the accounts of a subscription. Yields no further units."""
    params = {"subscription": asking.unit.account}
    for _page in asking.pages(ACCOUNTS, params, PAGING, known=(UNREGISTERED,), check=identified("id")):
        pass
    yield from ()


SERVICE = Service(NAME, OPERATIONS, collect)
