"""Known answers from published standards, for ST-MOD-01: what a right implementation must compute.

RFC 3394, RFC 5649 and FIPS 180 are quoted from the documents; the others were taken from the files of the package
cryptography-vectors 50.0.2 that stand beside them, which the program does not ship. The private key is a published one.
"""

from __future__ import annotations

from typing import Final

# AES-256-GCM: NIST CAVP gcmEncryptExtIV256.rsp, IV 96, PT 256, AAD 128, tag 128 bits, count 0 (SP 800-38D).
GCM_KEY: Final = bytes.fromhex("37ccdba1d929d6436c16bba5b5ff34deec88ed7df3d15d0f4ddf80c0c731ee1f")
GCM_IV: Final = bytes.fromhex("5c1b21c8998ed6299006d3f9")
GCM_PLAINTEXT: Final = bytes.fromhex("ad4260e3cdc76bcc10c7b2c06b80b3be948258e5ef20c508a81f51e96a518388")
GCM_AAD: Final = bytes.fromhex("22ed235946235a85a45bc5fad7140bfa")
GCM_CIPHERTEXT: Final = bytes.fromhex("3b335f8b08d33ccdcad228a74700f1007542a4d1e7fc1ebe3f447fe71af29816")
GCM_TAG: Final = bytes.fromhex("1fbf49cc46f458bf6e88f6370975e6d4")

# AES-KW: RFC 3394, 4.6 (256-bit data under a 256-bit key; SP 800-38F KW).
KW_KEY: Final = bytes.fromhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
KW_PLAINTEXT: Final = bytes.fromhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f")
KW_WRAPPED: Final = bytes.fromhex("28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21")

# AES-KWP: RFC 5649, 6 (20 octets under a 192-bit key; SP 800-38F KWP).
KWP_KEY: Final = bytes.fromhex("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8")
KWP_PLAINTEXT: Final = bytes.fromhex("c37b7e6492584340bed12207808941155068f738")
KWP_WRAPPED: Final = bytes.fromhex("138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a")

# SHA-256: FIPS 180, the example "abc".
SHA256_MESSAGE: Final = b"abc"
SHA256_DIGEST: Final = bytes.fromhex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")

# HMAC-SHA-256: RFC 4231, test case 2.
HMAC_KEY: Final = b"Jefe"
HMAC_MESSAGE: Final = b"what do ya want for nothing?"
HMAC_TAG: Final = bytes.fromhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")

# HKDF-SHA-256: RFC 5869, A.1.
HKDF_SECRET: Final = bytes.fromhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b")
HKDF_SALT: Final = bytes.fromhex("000102030405060708090a0b0c")
HKDF_INFO: Final = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9")
HKDF_OUTPUT: Final = bytes.fromhex(
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
)

# RSA-OAEP with SHA-256 and MGF1 with SHA-256: RSA/oaep-custom/oaep-sha256-sha256.txt, the first message of the 2048-bit
# key; pyca made it, and verified it against Bouncy Castle.
OAEP_N: Final = bytes.fromhex(
    "f77201b610521bf8966168e64effcbea0fc0a9585285d03a542495b21a1db86b55efc0db18d046f3793c4241267d6927607314e3"
    "fe3147204836ca39aa0dc7311ccc04e9efbd037556907b1d3a4f04317e7c717213a02ee92e6c6a6211f8efd6be6328e11a7cfd9d"
    "839f57aabeba8e60375b14cd056830d60bfb94d3c78e4221d595429dd3cebe1320f5b6de150fd51fe1944345457f841829ff8c4c"
    "4eb91cd62b06ae72e433ab192cfa850d704c11c7d1b176059f9c355ae52b0872e3e171a840a919e145738d98f08d10d016ad62ac"
    "fb14535711de81a86fd3a33f3336880993bd1d20a9f00d5752793750a295d2a5b1197d8bf82b1572b55e14e6a869f311"
)
OAEP_D: Final = bytes.fromhex(
    "f29fb2d5d602ecb23ea19cbdd650329d7a7caa8f93bae98587e3a7744eef3d58e196883f4c814c50875b728b773618d927552ff2"
    "add79baa27a4b17d0125295f1aa161601056010218b2ea44aa5bb7fcdfcd1d5f81a6dad8815084af4c780e933d72f52e634e934e"
    "d334763d516e9313fcb32e1e2963141f8cf84de1aa15eef85863dd4b279c7662afa833f8ff3e18fe02f52fa772ea8135eb3a4048"
    "2cca38a3d5d6a8c08417a6a718bcb4cbd58a4c18a102866def88d0a2f4731d8439add4bad7983bcd8dd04b5b16e973846957ac49"
    "e690f73182420bc66ed541559a39e76c410b98f1cd5bb14cfd08d3878863227c29dd70fa610f85dbe769936c97d7bb91"
)
OAEP_P: Final = bytes.fromhex(
    "fd21b7e2eebcb6202b6401e42909c0e79f9b0632465ed95643082281ceb7e152a6b3c429d1bff5e373ad3fb7d7ffc30b6a58e69a"
    "e693390b4b7349c00763187912d8530048f950a60b9c9ffcc7fb24dd1283deb7cc34558e783b40262cfe0e566339f39dba12da43"
    "b726fb68bdc5db23b8e6ee695bb2e3fc579d0368d5661fd7"
)
OAEP_Q: Final = bytes.fromhex(
    "fa3fcb1cc811dd1e53aff0070e45b10ddebf767c868dba3a981a27715eacb4c5dc8814b144f7527ade8f2c482f1de9daa4f89184"
    "bcbcafd6a9d6039afa409f1b05024e5a744da584b98b9bcfb3de707ae1e869443241e2416998eda0a6acbb851a54c030930902ca"
    "3f55edc204193ddd5b5b32dad4a6506d472f170b5513c757"
)
OAEP_DP: Final = bytes.fromhex(
    "ac05530ae404d89c0a00bf8c471b3abded681390ece39e3d11f6a044a8afab6f589c47cdc79df542ea24ad6d895b653807c07c8e"
    "7ded44d1d92772d20df318f98685fdf9ee9d87621ff8037d6c85ceaa71dfade627ded4d9a9f95201df879344bfcfed2f9df91bdc"
    "f2c58a0ac7148374c63e217cf5f51f1c288a2a7bfeb19527"
)
OAEP_DQ: Final = bytes.fromhex(
    "9b2a8b0a6193920387e883701c8d61e733c28bf95284f67ff667e1250e8b0fdbcf8e21267998d0ef96a837d0da463606785c17fe"
    "b1f85d1f41578e0cbe36eb70997e808edda6778700756c3b31502f76423515704fa9425d44d8aa1efeba03dbd823ccb751b438a2"
    "a6fae4dd74252292ea5e75fdf1f4ddd1a45db27038647729"
)
OAEP_QI: Final = bytes.fromhex(
    "92cef8a315679e65f507b976c4d848dc41f9383c6eb7b01a3f06d0a0c74b63c4127eb24f842262f5166ac2e150eddb368bedf35c"
    "51845279321e1f0934db881f80df95dd5fe46166d2612f4a64d010a7f73e61d2cdcbfb18f5172bd58081e8d4c8169a0855bb3df9"
    "85121f601ff87e3d934e64be1d668c962748d0516d4b3678"
)
OAEP_MESSAGE: Final = bytes.fromhex("8bba6bf82a6c0f86d5f1756e97956870b08953b06b4eb205bc1694ee")
OAEP_CIPHERTEXT: Final = bytes.fromhex(
    "7e48c47e4fe03d398ed225d8ba4774546bdc7852bb4884aeafc7d0f821ecd3bad745993fc7a3578973eb96e7891b79cdd6b477fc"
    "ca2036c9e525888afc8563a0245435e0a4cc33616f8f1fa21c7c3d834ca71e47a2cbc8fa6174fe11a71843d12cf93136781d4b2d"
    "d200ca221599c5596f51d9dd926b43ea49825aa079c63d810faa4f380d8627062e1a53b95978e986561f8416c87efb7086774389"
    "0bd9716e58358e28f8722b4ac19e9a371de02d56453d43a608cf2a6aa6377bbf5379692b6f9d6222673e0ea88c0ac60583cda281"
    "fdcadb214085ebe78cfae5a882567b368387e1889ced7a45506c90da26912059977251d6971efc4bb2a8c6fb11e328fb"
)
OAEP_E: Final = 0x10001

# ECDSA on P-256 with SHA-256: NIST CAVP SigVer.rsp of FIPS 186-3, the first good signature.
ECDSA_MESSAGE: Final = bytes.fromhex(
    "e1130af6a38ccb412a9c8d13e15dbfc9e69a16385af3c3f1e5da954fd5e7c45fd75e2b8c36699228e92840c0562fbf3772f07e17"
    "f1add56588dd45f7450e1217ad239922dd9c32695dc71ff2424ca0dec1321aa47064a044b7fe3c2b97d03ce470a592304c5ef21e"
    "ed9f93da56bb232d1eeb0035f9bf0dfafdcc4606272b20a3"
)
ECDSA_X: Final = bytes.fromhex("e424dc61d4bb3cb7ef4344a7f8957a0c5134e16f7a67c074f82e6e12f49abf3c")
ECDSA_Y: Final = bytes.fromhex("970eed7aa2bc48651545949de1dddaf0127e5965ac85d1243d6f60e7dfaee927")
ECDSA_R: Final = bytes.fromhex("bf96b99aa49c705c910be33142017c642ff540c76349b9dab72f981fd9347f4f")
ECDSA_S: Final = bytes.fromhex("17c55095819089c2e03b9cd415abdf12444e323075d98f31920b9e0f57ec871c")
