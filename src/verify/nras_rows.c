/* SPDX-License-Identifier: Apache-2.0
 *
 * nras_rows: the table of checks on an answer of NVIDIA's remote attestation
 * service. If all pass, that service, online when it was asked, vouches for
 * the GPUs: that is no measurement of ours. */
#include "verify/nras_checks.h"

const struct aver_row aver_nras_rows[] = {
    {"nras.shape", AVER_GPU, true, "nras_shape",
     "the answer of NVIDIA's service has the form that it must have",
     aver_check_nras_shape,
     "Nothing by itself: that it is an overall token and one for each GPU, "
     "each in three parts, and no member twice.",
     "An answer that two readers understand in two ways.",
     "RFC 7515, 3.1; RFC 9711, 4.2.18"},
    {"nras.signature", AVER_GPU, true, "nras_signature",
     "a key of the service's signed every token", aver_check_nras_signature,
     "That the overall token and each GPU's are signed by ES384 under the one "
     "key of --jwks that they name. Nothing here says whose keys these are: "
     "the file is believed because of how it was fetched, which should be by "
     "HTTPS from the service itself.",
     "Anybody can write down that a GPU is sound; with \"alg\": \"none\", or "
     "a key of his own, even in this form.",
     "RFC 7515, 5.2; RFC 7518, 3.4; RFC 7517"},
    {"nras.issuer", AVER_GPU, true, "nras_issuer",
     "the service says that it issued them", aver_check_nras_issuer,
     "That iss is https://nras.attestation.nvidia.com in every token.",
     "A token of another service of the same owner, under the same keys.",
     "RFC 7519, 4.1.1"},
    {"nras.submods", AVER_GPU, true, "nras_digest",
     "the overall token means these GPUs and no others",
     aver_check_nras_submods,
     "That submods names each token that came along by the SHA-256 of its "
     "text, and no other; with --gpu-count, that there are so many.",
     "A GPU that failed left out, or the token of a sound one, of another day "
     "or another machine, in its place.",
     "RFC 9711, 4.2.18; aver(1), --gpu-count"},
    {"nras.result", AVER_GPU, true, "nras_result",
     "NVIDIA's service says that the GPUs are sound", aver_check_nras_result,
     "That the service gave the overall result true, and of each GPU: "
     "measurements as they should be (measres), debugging disabled (dbgstat), "
     "booted securely (secboot). It is the service's word: the evidence "
     "itself, which aver verify gpu FILE judges, is not in the answer.",
     "A signed answer that says no, taken for a yes: the service answers in "
     "the same form either way.",
     "RFC 9711, 4.2 (measres, dbgstat); NVIDIA, attestation token claims"},
    {"nras.time", AVER_FRESH, true, "nras_time",
     "it is a time at which the tokens are valid", aver_check_nras_time,
     "That nbf has come and exp, an hour later, has not, in every token.",
     "A GPU that was sound last year.", "RFC 7519, 4.1.4, 4.1.5"},
    {"nras.nonce", AVER_FRESH, true, "nras_nonce",
     "the service was asked with your nonce", aver_check_nras_nonce,
     "That eat_nonce is the nonce given by --nonce, which the GPUs signed: "
     "they gave their evidence after you drew it.",
     "An answer about somebody else's sound GPU, passed on.",
     "RFC 9711, 4.1; aver(1), --nonce"},
};

const unsigned aver_nras_rows_n =
    sizeof(aver_nras_rows) / sizeof(aver_nras_rows[0]);
