/* SPDX-License-Identifier: Apache-2.0
 *
 * receipt_rows: the table of checks on a receipt, and their functions. */
#include "verify/report_checks.h"

#include "base/text.h"
#include <string.h>

static bool usable(const struct aver_receipt *r)
{
    return r->fault[0] == '\0' && r->absent[0] == '\0';
}

static const char no_receipt[] = "there is no receipt";

static AVER_CHECK(check_shape)
{
    const struct aver_receipt *r = s->receipt;

    if (r->absent[0] != '\0')
        return aver_say(why, AVER_UNKNOWN, "%s", r->absent);
    if (r->fault[0] != '\0')
        return aver_say(why, AVER_FAIL, "%s", r->fault);
    return AVER_PASS;
}

static AVER_CHECK(check_text)
{
    const struct aver_receipt *r = s->receipt;

    if (!usable(r))
        return aver_say(why, AVER_SKIP, "%s", no_receipt);
    if (!r->text_ok)
        return aver_say(why, AVER_FAIL, "%s", r->text_fault);
    return aver_say(why, AVER_PASS, "%s",
                    r->parts.model.n > 0 ? "three parts" : "two parts");
}

static AVER_CHECK(check_algorithm)
{
    const struct aver_receipt *r = s->receipt;

    if (!usable(r))
        return aver_say(why, AVER_SKIP, "%s", no_receipt);
    if (s->policy->has_algo && s->policy->algo != r->algo)
        return aver_say(why, AVER_FAIL, "it is %s, though %s was asked for",
                        aver_algo_name(r->algo),
                        aver_algo_name(s->policy->algo));
    return aver_say(why, AVER_PASS, "%s", aver_algo_name(r->algo));
}

/* Whose signature it should be, as far as we were told; NULL if we were not.
 * A report's key comes before one that was merely named. */
static const struct aver_key_id *expected(const struct aver_subject *s)
{
    if (s->report != NULL)
        return aver_report_usable(s->report) ? &s->report->key : NULL;
    return s->policy->has_key ? &s->policy->key : NULL;
}

static AVER_CHECK(check_signature)
{
    const struct aver_receipt *r = s->receipt;
    char is[AVER_KEY_ID_TEXT], says[AVER_KEY_ID_TEXT];
    struct aver_key_id signer;
    struct aver_error err;

    if (!usable(r))
        return aver_say(why, AVER_SKIP, "%s", no_receipt);
    if (aver_receipt_signer(&signer, r, expected(s), &err) != 0)
        return aver_say(why, err.code == AVER_ESIG ? AVER_FAIL : AVER_UNKNOWN,
                        "%.200s", err.text);
    aver_key_id_format(is, &signer);
    aver_key_id_format(says, &r->key);
    if (r->has_key && !aver_key_id_equal(&signer, &r->key))
        return aver_say(why, AVER_FAIL, "signed by %s, though it says %s", is,
                        says);
    return aver_say(why, AVER_PASS, "by %s", is);
}

static AVER_CHECK(check_signer)
{
    const struct aver_key_id *want = expected(s);
    char is[AVER_KEY_ID_TEXT], wanted[AVER_KEY_ID_TEXT];
    struct aver_key_id signer;

    if (!usable(s->receipt))
        return aver_say(why, AVER_SKIP, "%s", no_receipt);
    if (aver_receipt_signer(&signer, s->receipt, want, NULL) != 0)
        return aver_say(why, AVER_SKIP, "there is no good signature");
    aver_key_id_format(is, &signer);
    if (want == NULL)
        return aver_say(why, AVER_UNKNOWN, "signed by %s, whose?", is);
    aver_key_id_format(wanted, want);
    if (!aver_key_id_equal(&signer, want))
        return aver_say(why, AVER_FAIL, "signed by %s, not by %s", is, wanted);
    return aver_say(why, AVER_PASS, "%s", is);
}

static enum aver_result compare(const struct aver_subject *s, const char *what,
                                const uint8_t signed_hash[static 32],
                                const uint8_t *ours, struct aver_note *why)
{
    char hex[65];

    if (!usable(s->receipt) || !s->receipt->text_ok)
        return aver_say(why, AVER_SKIP, "%s", no_receipt);
    if (ours == NULL)
        return aver_say(why, AVER_UNKNOWN, "the %s was not given", what);
    aver_hex_encode(hex, ours, 32);
    if (memcmp(signed_hash, ours, 32) != 0)
        return aver_say(why, AVER_FAIL,
                        "the %s here has SHA-256 %s, which is not the one "
                        "signed",
                        what, hex);
    return aver_say(why, AVER_PASS, "%s", hex);
}

static AVER_CHECK(check_request)
{
    return compare(s, "request", s->receipt->parts.request_sha256,
                   s->request_sha256, why);
}

static AVER_CHECK(check_response)
{
    return compare(s, "response", s->receipt->parts.response_sha256,
                   s->response_sha256, why);
}

const struct aver_row aver_receipt_rows[] = {
    {"receipt.shape", AVER_ANSWER, true, "malformed",
     "the receipt has the members that a receipt needs", check_shape,
     "Nothing by itself: that text and signature are there, once each.",
     "A receipt that two readers understand in two ways.",
     "PROTOCOL, signature: members"},
    {"receipt.text", AVER_ANSWER, true, "text",
     "the signed text is two hashes, in the one spelling there is", check_text,
     "That the text ends in REQUEST:RESPONSE, each 64 lower-case hex digits, "
     "with a model's name in front or nothing.",
     "A signature over something else, passed off as one over an exchange.",
     "PROTOCOL, signature: text"},
    {"receipt.algorithm", AVER_ANSWER, true, "algorithm",
     "it is signed by the algorithm that was asked for", check_algorithm,
     "That the signature is of the kind whose key the report attests.",
     "The server picks the algorithm in which it can cheat.",
     "PROTOCOL, signature: signing_algo"},
    {"receipt.signature", AVER_ANSWER, true, "signature",
     "the signature is over exactly this text", check_signature,
     "That one key made it: EIP-191 and ECDSA over secp256k1 with s in the "
     "lower half, or Ed25519; and that it is the key that the receipt names.",
     "Anybody could write the two hashes down.",
     "EIP-191 version 0x45; RFC 8032; PROTOCOL, signature"},
    {"receipt.signer", AVER_ANSWER, true, "address",
     "the key that signed is the one that was attested", check_signer,
     "That the signer is the report's key, or the address that you gave.",
     "A flawless receipt, signed by whoever stands between you and the "
     "machine.",
     "aver(1), --expect-address"},
    {"receipt.request_hash", AVER_ANSWER, true, "request-hash",
     "it is about the request that you sent", check_request,
     "That SHA-256 of your request's bytes, as they were on the wire, is the "
     "one signed.",
     "The prompt changed on its way, or the receipt of another exchange.",
     "PROTOCOL, signature: text"},
    {"receipt.response_hash", AVER_ANSWER, true, "response-hash",
     "it is about the answer that you received", check_response,
     "That SHA-256 of the answer's bytes, to the last newline, is the one "
     "signed.",
     "The answer changed or was cut on its way to you.",
     "PROTOCOL, signature: text"},
};

const unsigned aver_receipt_rows_n =
    sizeof(aver_receipt_rows) / sizeof(aver_receipt_rows[0]);
