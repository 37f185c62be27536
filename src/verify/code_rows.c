/* SPDX-License-Identifier: Apache-2.0
 *
 * code_rows: the tables of checks on the code: what the event log proves, and
 * what was expected. The second is a table of its own since registers can be
 * expected where there is no log. The clauses are those of the TCG event log,
 * of dstack, and of docs/VERIFYING.md. */
#include "verify/code_checks.h"

const struct aver_row aver_code_rows[] = {
    {"code.log", AVER_CODE, true, "EVENT_LOG", "the event log is readable",
     aver_check_code_log,
     "Nothing by itself: a log is a list that the server hands out. The other "
     "rows hold it against the registers that the quote signs.",
     "A log that two readers understand in two ways: registers out of range, "
     "digests of a wrong length, a member twice.",
     "VERIFYING, the event log: form"},
    {"code.runtime", AVER_CODE, true, "RUNTIME_EVENT",
     "the runtime events are what they say", aver_check_code_runtime,
     "That the digest of every event that the guest's programs wrote follows "
     "from its name and payload, that all of them and nothing else are in "
     "register 3, and that no name could be read in two ways.",
     "A true digest beside a false payload: the register fits, and the "
     "compose-hash shown is that of harmless code. Or a colon moved, so that "
     "the key provider vanishes.",
     "VERIFYING, the event log: runtime events"},
    {"code.replay", AVER_CODE, true, "RTMR",
     "the log explains the registers of the quote", aver_check_code_replay,
     "That hashing the log event by event gives the measurement registers "
     "that the machine signed: no event was added, removed, changed or moved. "
     "Payloads of boot events are not covered, their digests are.",
     "Any story at all about what was booted, beside a genuine quote.",
     "Intel TDX module, TDG.MR.RTMR.EXTEND"},
    {"code.ready", AVER_CODE, true, "NOT_READY",
     "the log goes on until the system was ready", aver_check_code_ready,
     "That the guest had measured its application, keys and settings when the "
     "quote was made. Later events are the application's own word.",
     "A quote taken during boot, before what matters was measured.",
     "VERIFYING, the event log: system-ready"},
    {"code.compose", AVER_CODE, true, "COMPOSE_HASH",
     "the application's description is the one that was measured",
     aver_check_code_compose,
     "That SHA-256 of app_compose, as delivered, is the compose-hash of the "
     "log: this text says which containers run.",
     "A description of other containers than those that run.",
     "VERIFYING, the application: compose-hash"},
    {"code.config_id", AVER_CODE, true, "MRCONFIGID",
     "what the host announced is what runs", aver_check_code_config_id,
     "That MRCONFIGID, which the host set before the guest ran and nobody can "
     "change later, names the same application.",
     "A host that started one thing and shows another. The log says the same "
     "by other means; both must be forged.",
     "VERIFYING, the application: MRCONFIGID"},
    {"code.image", AVER_CODE, true, "OS_IMAGE",
     "the registers are those of the operating system image",
     aver_check_code_image,
     "That MRTD and registers 0 to 2 follow from the image whose hash "
     "vm_config names: firmware, kernel, command line, initial file system. "
     "Not covered: the ACPI tables, which the host makes. The hash itself "
     "says nothing until you expect it.",
     "An operating system of the operator's making, which writes what you "
     "want to read into register 3.",
     "VERIFYING, the image: TDX lite"},
    {"code.aggregated", AVER_CODE, true, "AGGREGATED",
     "the reported aggregate is that of the quote", aver_check_code_aggregated,
     "That mr_aggregated is the hash over the registers of this quote.",
     "Tools that compare this one number would compare another machine's.",
     "VERIFYING, the registers: mr_aggregated"},
};

const unsigned aver_code_rows_n =
    sizeof(aver_code_rows) / sizeof(aver_code_rows[0]);

const struct aver_row aver_expect_rows[] = {
    {"code.expected", AVER_CODE, true, "EXPECTED",
     "what runs is what you expect", aver_check_code_expected,
     "That registers, image and application have the values given by "
     "--expect. The other rows prove that the server tells the truth about "
     "its code; only this one says that it is code that you trust.",
     "A server that truthfully runs something else.", "aver(1), --expect"},
};

const unsigned aver_expect_rows_n =
    sizeof(aver_expect_rows) / sizeof(aver_expect_rows[0]);
