/* SPDX-License-Identifier: Apache-2.0
 *
 * cpu_rows: the table of checks on a quote, in the order in which a fault is
 * best told. A new check is a new row here and a function in one of the three
 * files of checks; the test of the table then demands a vector that makes
 * exactly this row fail. */
#include "verify/cpu_checks.h"

#include <string.h>

#define DCAP "Intel SGX and TDX DCAP quote library API, appendix A"
#define QVL "Intel quote verification library"
#define PCS "Intel PCS API v4"
#define PKI "Intel SGX PCK certificate and CRL specification"

const struct aver_row aver_cpu_rows[] = {
    {"tdx.quote", AVER_HARDWARE, true, "FORMAT",
     "it is a quote of an Intel TDX machine or SGX enclave",
     aver_check_quote_form,
     "Nothing by itself. It makes sure that the other rows read what they "
     "think they read: every length adds up, and no byte is left over.",
     "A quote that two readers take apart in two ways.", DCAP},
    {"tdx.trailing", AVER_HARDWARE, true, "TRAILING",
     "nothing but padding follows the quote", aver_check_trailing,
     "That what comes behind the quote is zeros, as some services pad it.",
     "Two different files that both verify as the same quote; unsigned bytes "
     "that somebody may take for signed ones.",
     DCAP},
    {"tdx.pck_chain", AVER_HARDWARE, true, "PCK_CHAIN",
     "Intel vouches, link by link, for the key of this very processor",
     aver_check_pck_chain,
     "That the three certificates in the quote are, in this order, of a "
     "processor's certification key (PCK), of an Intel CA and of Intel's "
     "root; that each is signed by the next; and that the root's key is the "
     "one built into this program.",
     "Anybody can make a root called Intel, and under it processors that do "
     "not exist.",
     PKI ", 2.3; RFC 5280, 6.1"},
    {"tdx.endorsements", AVER_HARDWARE, true, "COLLATERAL_FORMAT",
     "Intel's documents are there, and can be read in one way only",
     aver_check_endorsements,
     "That TCB info and QE identity have the members, the numbers and the "
     "words that they must have, and none twice.",
     "Two readers of one signed text: one sees UpToDate, the other Revoked.",
     PCS ", TCB info version 3, QE identity version 2"},
    {"tdx.lists", AVER_HARDWARE, true, "CRL",
     "the lists of withdrawn certificates are Intel's", aver_check_lists,
     "That the root's list and the CA's list are signed by root and CA.",
     "An empty list, written by whoever does not want his key to be found on "
     "it.",
     PKI ", 2.4; RFC 5280, 5"},
    {"tdx.revoked", AVER_HARDWARE, true, "REVOKED",
     "Intel has withdrawn none of these certificates", aver_check_revoked,
     "That neither the processor's certificate nor those above it, nor that "
     "of the signer of TCB infos, stands on one of the lists.",
     "A processor whose key was extracted signs whatever its owner likes.",
     "RFC 5280, 6.3"},
    {"tdx.tcb_signer", AVER_HARDWARE, true, "TCB_INFO_CHAIN",
     "who says which firmware is current is Intel's signer",
     aver_check_tcb_signer,
     "That TCB info and QE identity come with the certificate of Intel's TCB "
     "signer, of that name, signed by the root.",
     "Any key under the same root, a processor's for instance, could declare "
     "old firmware current.",
     PKI ", 2.3.1; " PCS},
    {"tdx.tcb_info_signature", AVER_HARDWARE, true, "TCB_INFO_SIG",
     "Intel signed the list of firmware versions, byte for byte",
     aver_check_tcb_info_signature,
     "That the TCB info is what Intel's signer signed, as it came: nothing "
     "is written anew before it is checked.",
     "Old, broken firmware, declared current by whoever passes the list on.",
     PCS ", TCB info"},
    {"tdx.qe_identity_signature", AVER_HARDWARE, true, "QE_ID_SIG",
     "Intel signed the description of its quoting enclave",
     aver_check_qe_identity_signature,
     "That the QE identity is what Intel's signer signed, as it came.",
     "Somebody's own enclave, described as Intel's.", PCS ", QE identity"},
    {"tdx.begun", AVER_HARDWARE, true, "NOT_YET_VALID",
     "all of it holds already at the time in question", aver_check_begun,
     "That no certificate, list or document begins later than the time that "
     "is judged for.",
     "Evidence from a future that the clock of its maker was set to.",
     "RFC 5280, 4.1.2.5; " PCS ", issueDate"},
    {"tdx.not_expired", AVER_HARDWARE, true, "EXPIRED",
     "all of it still holds at the time in question", aver_check_not_expired,
     "That no certificate, list or document ended before the time that is "
     "judged for.",
     "Last year's documents, from before the hole was found.",
     "RFC 5280, 4.1.2.5; " PCS ", nextUpdate"},
    {"tdx.tcb_match", AVER_HARDWARE, true, "TCB_MISMATCH",
     "the list of firmware versions is about this kind of platform",
     aver_check_tcb_match,
     "That the TCB info names the platform (FMSPC), the PCE and the kind of "
     "TEE which certificate and quote name.",
     "The list of another processor, for which lower numbers are current.",
     QVL "; " PCS ", fmspc, pceId, id"},
    {"tdx.qe_report_signature", AVER_HARDWARE, true, "QE_REPORT_SIG",
     "this very processor vouches for its quoting enclave",
     aver_check_qe_report_signature,
     "That the report of the quoting enclave is signed by the key which the "
     "PCK certificate certifies.",
     "A quoting enclave that never ran on any processor.", DCAP},
    {"tdx.qe_report_data", AVER_HARDWARE, true, "QE_REPORT_DATA",
     "the quoting enclave vouches for the key that signed the quote",
     aver_check_qe_report_data,
     "That SHA-256 of the attestation key and of the authentication data "
     "stands in the enclave's report.",
     "The most useful hole of all: any genuine enclave report, and beside it "
     "a key of one's own, which signs whatever one likes.",
     DCAP},
    {"tdx.qe_identity", AVER_HARDWARE, true, "QE_IDENTITY",
     "the quoting enclave is Intel's", aver_check_qe_identity,
     "That signer, product and attributes of the enclave are those which "
     "Intel says its quoting enclave has, and that it is no debug enclave.",
     "Any enclave on a genuine processor could pose as the quoting enclave.",
     PCS ", QE identity"},
    {"tdx.quote_signature", AVER_HARDWARE, true, "QUOTE_SIG",
     "the quoting enclave signed these measurements",
     aver_check_quote_signature,
     "That the attestation key signed the header and the body of the quote: "
     "what the machine runs, and the data that it wanted in it.",
     "Measurements and keys, written into somebody else's quote.", DCAP},
    {"tdx.module", AVER_HARDWARE, true, "TDX_MODULE",
     "the TDX module is Intel's", aver_check_module,
     "That the software which walls the machine off from its host is of a "
     "version that Intel knows, and signed by Intel.",
     "A module that hands the machine's memory to the host.",
     QVL "; " PCS ", tdxModuleIdentities"},
    {"tdx.tcb_level", AVER_HARDWARE, true, "TCB_NOT_SUPPORTED",
     "its firmware is of a version that Intel says something about",
     aver_check_tcb_level,
     "That platform, TDX module and quoting enclave each reach some level of "
     "Intel's documents.",
     "Firmware from before there was any support for it, called fine because "
     "nobody says that it is bad.",
     QVL "; " PCS ", tcbLevels"},
    {"tdx.tcb_revoked", AVER_HARDWARE, true, "TCB_REVOKED",
     "Intel has not withdrawn its trust in such firmware",
     aver_check_tcb_revoked, "That no part's level is Revoked.",
     "Firmware that anybody can break is running the show.", PCS ", tcbStatus"},
    {"tdx.tcb_status", AVER_HARDWARE, true, "TCB_STATUS",
     "its firmware is as current as you demand", aver_check_tcb_status,
     "That the merged status of platform, TDX module and quoting enclave is "
     "UpToDate, or one that you said to put up with.",
     "Holes that are known and mended elsewhere, and open on this machine.",
     QVL "; aver(1), --allow tcb"},
    {"tdx.recent", AVER_HARDWARE, true, "TCB_RECENT",
     "Intel's documents are as recent as you demand", aver_check_recent,
     "That TCB info and QE identity are of the data set that you named, or a "
     "later one, and that they and the CA's list are no older than you said.",
     "Documents from before a hole was told, which are shown for as long as "
     "they are valid: a month, or a year.",
     PCS ", tcbEvaluationDataNumber; aver(1), --require"},
    {"tdx.platform", AVER_HARDWARE, true, "FMSPC",
     "it is a platform of the kind that you demand", aver_check_platform,
     "That the PCK certificate names the kind of platform (FMSPC) that you "
     "named.",
     "Another, weaker machine of the same operator.",
     PKI ", FMSPC; aver(1), --require"},
    {"tdx.debug", AVER_HARDWARE, true, "DEBUG",
     "nobody can look inside it with a debugger", aver_check_debug,
     "That the machine (or enclave) was not started for debugging.",
     "Everything is genuine, and the host reads along.",
     "Intel TDX module specification, TD attributes; SGX attributes, DEBUG"},
    {"tdx.attributes", AVER_HARDWARE, true, "TD_ATTRIBUTES",
     "it was started with the protections that it should have",
     aver_check_attributes,
     "That no attribute is set whose meaning is unknown, that the machine "
     "cannot be moved to another host while it runs, and that the host "
     "cannot take pages from it unseen.",
     "A machine with a door that its owner left open at its start.",
     "Intel TDX module specification, TD attributes"},
    {"tdx.service_td", AVER_HARDWARE, true, "SERVICE_TD",
     "no other machine serves it", aver_check_service_td,
     "That no service TD is bound to it (MRSERVICETD is zero).",
     "A migration TD, which is trusted with all of the machine's state, and "
     "about which this quote says little.",
     "Intel TDX module specification, service TDs"},
};

const unsigned aver_cpu_rows_n =
    sizeof(aver_cpu_rows) / sizeof(aver_cpu_rows[0]);

/* It and the rows behind it are for the policy. */
static const char first_of_policy[] = "tdx.tcb_level";

bool aver_verdict_is_authentic(const struct aver_verdict *v)
{
    for (unsigned i = 0; i < v->n; i++) {
        const struct aver_check *c = &v->checks[i];

        if (strcmp(c->row->id, first_of_policy) == 0)
            return true;
        /* What follows a quote is none of it. */
        if (c->required && c->result != AVER_PASS &&
            strcmp(c->row->id, "tdx.trailing") != 0)
            return false;
    }
    return false;
}
