"""The commented estate file that ``keyaudit init`` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping

from scanner.model.ids import Json

_HEAD = """\
# Estate file of keyaudit: what to scan and by whose rules.
# It holds no secret. Where one is needed, refer to it: {env: NAME}, {file: PATH} or {keyring: NAME}.
# Check it with `keyaudit doctor estate.yaml`; `keyaudit schema estate` prints its JSON Schema.

keyaudit: 1                       # version of this format
organization: %(organization)s

sources:
  aws:
    # One entry per way in. Without more, the default credential chain is used: environment, profile, SSO, role of
    # the machine. `keyaudit permissions aws` prints the read-only IAM policy that it needs.
    - name: aws
      regions: all                # or a list: [us-east-1, us-west-2]
      # profile: audit            # a profile of ~/.aws/config
      # role_arn: arn:aws:iam::111122223333:role/keyaudit-audit
      # role_chain: ["arn:aws:iam::111122223333:role/jump", "arn:aws:iam::444455556666:role/keyaudit-audit"]
      #                           # assumed one after another; instead of role_arn
      # external_id: {env: KEYAUDIT_EXTERNAL_ID}    # goes with role_arn or role_chain
      # organization: {role: keyaudit-audit}    # every active account of the Organization, by one role name;
      #                                         # `true` for this very role; accounts: ["111122223333"] keeps it alone
      # endpoint_url: https://vpce-0123.kms.us-east-1.vpce.amazonaws.com
      # ca_bundle: /etc/ssl/private-ca.pem
      # insecure: true            # plain http to another machine; the report shows it
      # verify_digests: true      # read and verify the digest files of CloudTrail; needs s3:GetObject on the logs
      # concurrency: 32           # calls at once per account, region and service
      # time_limit: 3600          # seconds; what is not read by then is a gap

# A newer table of FIPS 140 certificates than the one that came with keyaudit, in the form of its controls/cmvp.yaml.
# certificates: cmvp.yaml

# Data stores that hold ePHI, where no tag `data-classification=ephi` tells: patterns over their identifiers.
# stores:
#   - match: "arn:aws:s3:::*-audio"
#     ephi: true
#     sensitivity: [behavioral_health]    # also: substance_use, schedule_ii_v

# Thresholds of your own policy. Each has a default; the report shows which were set here. The word in brackets
# says on what the default rests.
# policy:
"""


def init_estate(organization: str, *, parameters: Mapping[str, tuple[Json, str, str]]) -> str:
    """Return the text of a new estate file. ``parameters``: name to (default, unit, basis in words)."""
    lines = [
        f"#   {name}: {json.dumps(default)}  # {unit} [{basis}]".replace("  #  [", "  # [")
        for name, (default, unit, basis) in parameters.items()
    ]
    return _HEAD % {"organization": json.dumps(organization, ensure_ascii=False)} + "\n".join(lines) + "\n"
