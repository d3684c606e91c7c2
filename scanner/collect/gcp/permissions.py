"""The least-privilege custom role of Google Cloud, from the same declarations that the transport enforces."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.operation import Operation

_ROLE = """\
title: {title}
description: {about}
stage: GA
includedPermissions:
"""
_PROJECT = """\
# gcloud iam roles create keyaudit --project=PROJECT --file=THIS-PART
# gcloud projects add-iam-policy-binding PROJECT --member=serviceAccount:EMAIL --role=projects/PROJECT/roles/keyaudit
"""
_ABOVE = """\
# What is above projects can switch the log of key use on, and exempt people from it. A role of a project cannot hold
# these: make one of the organization. Without it the scan says that whether key use is logged is not known.
# gcloud iam roles create keyauditAbove --organization=ORGANIZATION --file=THIS-PART
# gcloud organizations add-iam-policy-binding ORGANIZATION --member=serviceAccount:EMAIL \\
#   --role=organizations/ORGANIZATION/roles/keyauditAbove
"""
_ONLY_ABOVE = ("resourcemanager.folders.", "resourcemanager.organizations.")


def custom_role(operations: Iterable[Operation]) -> str:
    """Return the definitions of the custom roles (YAML) that allow the operations and nothing else.

    The first is one of each project, as ``gcloud iam roles create --file`` takes it. What only folders and
    organizations know stands in a second one, behind ``---``.
    """
    allowed = {permission for operation in operations for permission in operation.permissions}
    above = {permission for permission in allowed if permission.startswith(_ONLY_ABOVE)}
    parts = (
        (_PROJECT, "keyaudit", "Read-only audit of keys by keyaudit", allowed - above),
        (_ABOVE, "keyaudit above projects", "Read-only audit of the audit configuration by keyaudit", above),
    )
    return "---\n".join(
        head + _ROLE.format(title=title, about=about) + "".join(f"- {one}\n" for one in sorted(chosen))
        for head, title, about, chosen in parts
        if chosen
    )
