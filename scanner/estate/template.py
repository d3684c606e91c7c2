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
      # sample: {objects: 20, buckets: ["voice-audio-*"]}    # read the beginnings of some objects, for the headers
      #                           # of their envelopes; {objects: 0} says that there are none to look for
      # verify_digests: true      # read and verify the digest files of CloudTrail; needs s3:GetObject on the logs
      # concurrency: 32           # calls at once per account, region and service
      # time_limit: 3600          # seconds; what is not read by then is a gap

  # Azure: key vaults, managed HSMs, Azure OpenAI (pip install "keyaudit[azure]"). `keyaudit permissions azure` prints
  # the role; azure-identity finds the credential: environment, workload or managed identity, `az login`.
  # azure:
  #   - name: clinical
  #     subscriptions: ["00000000-0000-0000-0000-000000000000"]    # without it, all that the credential sees
  #     tenant: 00000000-0000-0000-0000-000000000000
  #     cloud: public             # or usgovernment, china
  #     proxy: http://127.0.0.1:3128
  #     ca_bundle: /etc/ssl/private-ca.pem
  #     concurrency: 8            # calls at once per subscription and vault
  #     time_limit: 3600          # seconds

  # Google Cloud KMS (pip install "keyaudit[gcp]"), by the application default credentials. `keyaudit permissions gcp`
  # prints the role.
  # gcp:
  #   - name: analytics
  #     projects: [example-analytics]
  #     locations: [us-east1]     # without it, all
  #     endpoint_url: https://cloudkms.private.example.com
  #     concurrency: 16           # calls at once per project and location
  #     time_limit: 3600          # seconds

  # Tokens of HSMs by PKCS #11 (pip install "keyaudit[hsm]"). Attributes are read, values never.
  # pkcs11:
  #   - name: root-hsm
  #     module: /usr/lib/softhsm/libsofthsm2.so
  #     token: root               # its label
  #     pin: {env: HSM_PIN}       # without it, only what is seen without a login

  # PostgreSQL databases that keep envelopes (pip install "keyaudit[postgres]"). `keyaudit permissions postgres` prints
  # the grants; docs/envelope-layout.md describes the layout file.
  # postgres:
  #   - name: healthcare-voice
  #     dsn: {env: HEALTHCARE_VOICE_DSN}
  #     envelope: envelope/healthcare_voice.yaml    # from this file's folder
  #     sample: {rows: 200}       # read the headers of some encrypted values; without it, what needs them is UNKNOWN
  #     statement_timeout: 30     # seconds
  #     time_limit: 600           # seconds

  # AI vendors (pip install "keyaudit[vendors]"): OpenAI, Anthropic, ElevenLabs, Deepgram. Settings are read, by GET; a
  # key for inference is never needed. `keyaudit permissions vendors` prints which key may read what.
  # vendors:
  #   - name: openai
  #     vendor: openai            # or anthropic, elevenlabs, deepgram
  #     admin_key: {env: OPENAI_ADMIN_KEY}
  #     project_key: {env: OPENAI_AUDIT_KEY}    # read-only: counts what zero retention does not cover (files, batches);
  #                               # without it, that is UNKNOWN
  #     endpoint_url: https://eu.api.openai.com/v1    # a regional host
  #     keep_emails: false        # names and e-mail addresses of people stay out of the evidence
  #     concurrency: 4            # calls at once
  #     time_limit: 1800          # seconds; what is not read by then is a gap

  # Places where keys leak to (pip install "keyaudit[leaks]"): docs/leaks.md. Kept are place, kind and a keyed hash.
  # leaks:
  #   - {name: logs, paths: [/var/log/voice], exclude: ["*.wav"]}    # folders, files, archives; links are not followed
  #   - {name: source, git: /srv/git/voice.git}    # with all its history
  #   - {name: slack, slack_export: exports/slack.zip, time_limit: 3600}    # zip or folder
  #   - {name: slack-now, slack: {token: {env: SLACK_TOKEN}}}    # by its API: `keyaudit permissions leaks`

  # Hosts that are reached by TLS, your own and vendors': versions, suites, certificates; no credentials are sent.
  # endpoints:
  #   - {name: api, url: "https://api.example.com", ca_bundle: authorities.pem}    # instead of the machine's own
  #   - name: ehr
  #     url: https://ehr.example.com/fhir/r4    # of a FHIR server its base
  #     kind: fhir                # reads its SMART configuration and metadata as well; tls reads neither
  #     owner: vendor             # or own
  #     vendor: Example EHR
  #     jwks: ["https://app.example.com/jwks.json"]    # key sets of the clients that are registered there
  #     time_limit: 300           # seconds; what is not read by then is a gap

# Random text (`openssl rand -hex 32`) that keys the hashes of secrets that were found, so that scans can be compared.
# salt: {env: KEYAUDIT_SALT}

# Edges of the key hierarchy that no API tells: what a key or a store is protected by.
# hierarchy:
#   - {child: "arn:aws:kms:*:444455556666:key/*", parent: "pkcs11:token=root;object=root-2026"}

# What self-tests may use. Nothing else is touched; only what is marked as a canary is rotated, disabled or rewrapped.
# `selftest: {}` says that there are none, on purpose; without a word, what they would prove is UNKNOWN.
# selftest:
#     aws: [{source: aws, key: alias/keyaudit-canary, second_key: alias/keyaudit-canary-2, canary: true}]
#     azure: [{source: clinical, vault: clinical-kv, key: keyaudit-canary, canary: true}]
#     gcp: [{source: analytics, key: projects/example-analytics/locations/us-east1/keyRings/phi/cryptoKeys/canary}]
#     pkcs11: [{source: root-hsm, key: root-2026, canary: true}]
#     postgres: [{source: healthcare-voice, keys: aws, dsn: {env: SCRATCH_DSN}, schema: keyaudit_scratch, canary: true}]
#     s3: [{source: aws, bucket: voice-audio, canaries: {canary-a: canary-a/, canary-b: canary-b/}}]

# Contracts with vendors (`keyaudit init baa`) and documents (`keyaudit init documents`), from the folder of this file.
# agreements: agreements.yaml
# documents: documents.yaml
# Waivers (`keyaudit init waivers`) and documented alternatives of 164.306(d)(3) (`keyaudit init alternatives`).
# waivers: waivers.yaml
# alternatives: alternatives.yaml

# A newer table of FIPS 140 certificates than the one that came with keyaudit, in the form of its controls/cmvp.yaml.
# certificates: cmvp.yaml

# Data stores that hold ePHI, where no tag `data-classification=ephi` tells: patterns over their identifiers.
# stores:
#   - match: "arn:aws:s3:::*-audio"
#     ephi: true
#     sensitivity: [behavioral_health]    # also: substance_use, schedule_ii_v

# What `keyaudit run NAME --estate estate.yaml` does unattended: scan, record, report, package, compare, notify.
# profiles:
#   nightly:
#     folder: /var/lib/keyaudit/nightly    # scans/, packages/, outbox/, run.json; from this file's folder when relative
#     frameworks: [hipaa-164.312]    # a selection; also controls, phases, and only for sources
#     store: {env: KEYAUDIT_STORE}    # or a file: history.db (pip install "keyaudit[history]")
#     schedule: {at: "02:30", every: day}    # for `keyaudit schedule`; docs/schedule.md
#     period_days: 30               # an audit period that ends on the day of the scan
#     package: {sign: "file:/etc/keyaudit/audit.key", passphrase: {env: KEYAUDIT_PASSPHRASE}}
#     report: true                  # false: the results alone, no PDF and HTML
#     keep: {scans: 30, packages: 400}    # the newest; of packages that go the manifest stays
#     fail_on: high
#     accept_waived: true
#     notify:                       # docs/notifications.md
#       - email: {server: "smtp.example.com:587", from: keyaudit@example.com, to: [security@example.com]}
#         when: failed              # or always, changed
#       - {slack: {url: {env: SLACK_WEBHOOK}}, when: changed}
#       - {webhook: {url: "https://hooks.example.com/keyaudit", secret: {env: WEBHOOK_SECRET}}}

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
