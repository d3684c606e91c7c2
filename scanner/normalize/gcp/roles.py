"""What roles allow on keys: Google's own of Cloud KMS by a dated table, every other one as it was asked.

Read on 2026-11-25 from docs.cloud.google.com/iam/docs/roles-permissions/cloudkms (Cloud KMS roles); the basic roles
and the two of IAM from a public record of ``gcloud iam roles describe`` of 2026-06-27
(github.com/jdyke/gcp_iam_update_bot). Only what concerns keys and key rings is kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from scanner.normalize.reading import texts
from scanner.normalize.records import Records

ROLES = "iam:roles.get"
GONE = "NOT_FOUND"
OVER_PROJECT = "resourcemanager.projects.setIamPolicy"
"""Whoever has it can give themselves every role on every key of the project."""


def _keys(*names: str) -> tuple[str, ...]:
    return tuple(f"cloudkms.cryptoKeys.{name}" for name in names)


def _versions(*names: str) -> tuple[str, ...]:
    return tuple(f"cloudkms.cryptoKeyVersions.{name}" for name in names)


def _rings(*names: str) -> tuple[str, ...]:
    return tuple(f"cloudkms.keyRings.{name}" for name in names)


_VIEW = (*_keys("get", "list"), *_versions("get", "list"), *_rings("get", "list"))
_MANAGE = (
    *_keys("create", "delete", "get", "getIamPolicy", "list", "setIamPolicy", "update"),
    *_versions("create", "delete", "destroy", "get", "list", "restore", "update"),
    *_rings("create", "get", "getIamPolicy", "list", "setIamPolicy"),
)
_DELEGATE = _versions("useToDecryptViaDelegation", "useToEncryptViaDelegation")
_OPERATE = _versions("useToDecapsulate", "useToDecrypt", "useToEncrypt", "useToSign", "useToVerify", "viewPublicKey")
_EXPERT = _versions("managePqcSign", "manageRawAesCbcKeys", "manageRawAesCtrKeys", "manageRawPKCS1Keys")
_REVIEW = (*_keys("getIamPolicy", "list"), *_versions("list"), *_rings("getIamPolicy", "list"))

_CLOUDKMS: Mapping[str, tuple[str, ...]] = {
    "admin": (*_MANAGE, *_DELEGATE),
    "autokeyAdmin": (),
    "autokeyUser": (),
    "cryptoKeyDecrypter": _versions("useToDecrypt"),
    "cryptoKeyDecrypterViaDelegation": _versions("useToDecryptViaDelegation"),
    "cryptoKeyEncrypter": _versions("useToEncrypt"),
    "cryptoKeyEncrypterDecrypter": _versions("useToDecrypt", "useToEncrypt"),
    "cryptoKeyEncrypterDecrypterViaDelegation": _DELEGATE,
    "cryptoKeyEncrypterViaDelegation": _versions("useToEncryptViaDelegation"),
    "cryptoOperator": _OPERATE,
    "decapsulator": _versions("useToDecapsulate", "viewPublicKey"),
    "ekmConnectionsAdmin": (),
    "encryptionDashboardViewer": _keys("list"),
    "expertPqcSigner": _versions("managePqcSign"),
    "expertRawAesCbc": _versions("manageRawAesCbcKeys"),
    "expertRawAesCtr": _versions("manageRawAesCtrKeys"),
    "expertRawPKCS1": _versions("manageRawPKCS1Keys"),
    "hsmSingleTenantExecutor": (),
    "hsmSingleTenantKeyCreator": (),
    "hsmSingleTenantProposer": (),
    "hsmSingleTenantQuorumMember": (),
    "importer": ("cloudkms.importJobs.useToImport",),
    "keyAccessJustificationsEnrollmentConfigViewer": (),
    "keyAccessJustificationsPolicyConfigAdmin": ("cloudkms.kajPolicyConfigs.update",),
    "protectedResourcesViewer": (),
    "publicKeyViewer": _versions("viewPublicKey"),
    "signer": _versions("useToSign"),
    "signerVerifier": _versions("useToSign", "useToVerify", "viewPublicKey"),
    "verifier": _versions("useToVerify", "viewPublicKey"),
    "viewer": _VIEW,
}
KNOWN: Mapping[str, tuple[str, ...]] = {
    **{f"roles/cloudkms.{name}": allowed for name, allowed in _CLOUDKMS.items()},
    "roles/owner": (*_MANAGE, *_DELEGATE, *_OPERATE, *_EXPERT, OVER_PROJECT),
    "roles/editor": (
        *_keys("create", "delete", "get", "getIamPolicy", "list", "update"),
        *_versions("create", "delete", "get", "list", "update"),
        *_rings("create", "get", "getIamPolicy", "list"),
        "cloudkms.importJobs.useToImport",
    ),
    "roles/viewer": (*_VIEW, *_keys("getIamPolicy"), *_rings("getIamPolicy")),
    "roles/iam.securityAdmin": (*_REVIEW, *_keys("setIamPolicy"), *_rings("setIamPolicy"), OVER_PROJECT),
    "roles/iam.securityReviewer": _REVIEW,
}

ADMINISTERS = frozenset(
    {
        *_keys("delete", "setIamPolicy", "update"),
        *_versions("create", "delete", "destroy", "restore", "update"),
        *_rings("setIamPolicy"),
        OVER_PROJECT,
    }
)
USES = frozenset(_versions("useToDecapsulate", "useToDecrypt", "useToEncrypt", "useToSign", "useToVerify"))
"""To use a key by another service of Google's (``…ViaDelegation``) is not among them: whoever administers keys has it,
and it encrypts and decrypts nothing by itself."""


def allowed(unit: Records, role: str, *, of_project: bool) -> tuple[str, ...] | None:
    """Return what a role allows on keys, sorted; None when nobody knows. ``of_project``: it is bound to a project."""
    every = _of_role(unit, role)
    if every is None:
        return None
    kept = {one for one in every if one.startswith("cloudkms.") or (of_project and one == OVER_PROJECT)}
    return tuple(sorted(kept))


def _of_role(unit: Records, role: str) -> tuple[str, ...] | None:
    if role in KNOWN:
        return KNOWN[role]
    if unit.error(ROLES, role) == GONE:
        return ()
    body = unit.response(ROLES, role)
    if not isinstance(body, dict) or body.get("name") != role:
        return None
    if body.get("deleted") is True or body.get("stage") == "DISABLED":
        return ()  # what it is bound to stays in the policy, and gives nothing
    return texts({"includedPermissions": [], **body}, "includedPermissions")
