/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_rows: the table of checks on GPUs and their switches. A new check is a
 * new row here and a function beside the others; the test of the table then
 * demands a case that makes exactly this row fail. Each belongs to one of four
 * layers (gpus.h): authentic, revocation, measurements, policy. */
#include "verify/gpu_checks.h"

const struct aver_row aver_gpu_rows[] = {
    {"gpu.evidence", AVER_GPU, true, "json",
     "the GPUs' evidence is there and can be taken apart",
     aver_check_gpu_evidence,
     "Nothing by itself. It makes sure that the other rows read what they "
     "think they read: one list of devices, each with a report and "
     "certificates, no member twice.",
     "Evidence that two readers understand in two ways.",
     "VERIFYING, is the GPU in confidential mode: the rules; "
     "aver(1), --gpu-count"},
    {"gpu.nonce_envelope", AVER_FRESH, true, "nonce_envelope",
     "the nonces beside the GPUs' evidence are the expected one",
     aver_check_gpu_nonce_envelope,
     "That the nonces which nobody signed agree, where there are any.",
     "Confusion: who reads these instead of the signed ones is deceived.",
     "PROTOCOL, attestation report: nvidia_payload"},
    {"gpu.certificates", AVER_GPU, true, "cert_profile",
     "five certificates, made for what they are used for",
     aver_check_gpu_certificates,
     "That there are exactly five P-384 certificates, each issued by the next "
     "by name; that four may issue and the device's own may not.",
     "NVIDIA sets no path lengths: a GPU's own key could issue a certificate "
     "for a GPU that does not exist.",
     "RFC 5280, 4.2 and 6.1"},
    {"gpu.root", AVER_GPU, true, "root",
     "the certificates end in the root that you trust", aver_check_gpu_root,
     "That the last key is NVIDIA's, pinned by key, not by certificate: there "
     "are two for it. Or, under --trust simulator, the simulator's, and under "
     "--gpu-root yours, which then replace it.",
     "Anybody can make certificates. The simulator's private keys are "
     "published.",
     "aver(1), --trust, --gpu-root"},
    {"gpu.chain", AVER_GPU, true, "cert_signature",
     "each certificate is signed by the next", aver_check_gpu_chain,
     "That NVIDIA's root vouches for the identity CA, this for the "
     "provisioner, this for the device's boot ROM, and this for the key that "
     "signs reports.",
     "A key of anybody's beside NVIDIA's certificates.", "RFC 5280, 6.1.3"},
    {"gpu.cert_time", AVER_GPU, true, "cert_time",
     "the certificates hold at that time", aver_check_gpu_cert_time,
     "That the time of judging lies within the five.",
     "A key that its owner gave up long ago.", "RFC 5280, 4.1.2.5"},
    {"gpu.arch", AVER_GPU, true, "arch",
     "each is a chip that is known, and what it is called", aver_check_gpu_arch,
     "That the certificates are of a Hopper or Blackwell GPU or an LS10 "
     "switch, of one chip all through, and that the word beside the evidence "
     "agrees.",
     "A switch counted as a GPU; a RIM of one chip used for another.",
     "VERIFYING, is the GPU in confidential mode: the rules"},
    {"gpu.report", AVER_GPU, true, "block",
     "each report is exactly one list of measurements", aver_check_gpu_report,
     "That request and response fill the report to the last byte, with as "
     "many measurements as it says, none twice.",
     "Bytes that one reader skips and another one takes for the measurements.",
     "DSP0274 1.1, 10.11; aver(1), --allow trailing-bytes"},
    {"gpu.signature", AVER_GPU, true, "signature",
     "each report is signed by its device's key", aver_check_gpu_signature,
     "That the key of the first certificate signed the request, the "
     "measurements and all that stands beside them.",
     "Measurements of anybody's choice.", "DSP0274 1.1, 10.11; FIPS 186-5"},
    {"gpu.nonce", AVER_FRESH, true, "nonce",
     "the GPUs answered to the expected nonce", aver_check_gpu_nonce,
     "That the nonce in each signed report is the expected one: --nonce, or "
     "within a report the report's own; of an instance, which names none, the "
     "first half of what its quote holds.",
     "Old evidence of a GPU that has since left confidential mode, or of "
     "another machine's GPU recorded once and shown for ever.",
     "DSP0274 1.1, 10.11; aver(1), --nonce"},
    {"gpu.fields", AVER_GPU, true, "opaque_value",
     "what the device says of itself can be read", aver_check_gpu_fields,
     "That NVIDIA's fields fill their place exactly, none twice, with values "
     "that are known: versions of driver and VBIOS, mode, links.",
     "A field given twice, of which one reader takes the first and another "
     "the last.",
     "VERIFYING, is the GPU in confidential mode: the rules"},
    {"gpu.switch_pdi", AVER_GPU, true, "switch_pdi",
     "each switch's report is about the switch of its certificates",
     aver_check_gpu_switch_pdi,
     "That the PDI in a switch's report is the one in the serial number of "
     "its boot ROM's certificate.",
     "A switch that vouches for the links of another.",
     "VERIFYING, is the GPU in confidential mode: the rules"},
    {"gpu.fwid", AVER_GPU, true, "fwid",
     "the report names the firmware that its key was made for",
     aver_check_gpu_fwid,
     "That the firmware digest in the report is the one in the certificate. "
     "The boot ROM makes a new key for each firmware.",
     "A key of old firmware, with a hole in it, that signs for the new one.",
     "TCG DICE Attestation Architecture, 6.1"},
    {"gpu.distinct", AVER_GPU, true, "duplicate_device",
     "no device is shown twice", aver_check_gpu_distinct,
     "That no two of the devices share a boot ROM's key or a signing key.",
     "One good GPU shown eight times, and the work done on seven others.",
     "VERIFYING, is the GPU in confidential mode: the rules"},
    {"gpu.count", AVER_GPU, true, "count",
     "as many GPUs gave evidence as you asked for", aver_check_gpu_count,
     "That the list holds evidence of --gpu-count GPUs, switches not counted.",
     "One good GPU shown, and the work done on another that is not shown.",
     "aver(1), --gpu-count"},
    {"gpu.mode", AVER_GPU, true, "mode_mixed", "all GPUs are in one mode",
     aver_check_gpu_mode,
     "That all GPUs say the same of how they are passed to the machine: SPT "
     "(each alone), MPT (several, NVLink encrypted), PPCIE (eight behind "
     "switches). It does not say that confidential mode is on: that shows in "
     "the measurements alone.",
     "A GPU of another machine among those of this one.",
     "VERIFYING, is the GPU in confidential mode: the rules"},
    {"gpu.topology", AVER_GPU, true, "topology",
     "eight GPUs and their four switches know each other",
     aver_check_gpu_topology,
     "That each GPU is linked to exactly the switches that are shown, and each "
     "switch, locked, to exactly the GPUs that are shown, by the PDIs in their "
     "certificates. In the mode PPCIE what runs between them is in the clear. "
     "Without evidence of switches it is unknown and, unless --require "
     "topology, need not pass.",
     "A GPU or switch in between that reads along.",
     "VERIFYING, is the GPU in confidential mode: the rules"},
    {"gpu.rim", AVER_GPU, true, "rim_missing",
     "NVIDIA says what such a device must measure", aver_check_gpu_rim,
     "That there are signed lists (RIMs) of this driver and this VBIOS, that "
     "NVIDIA's RIM root vouches for their signer at that time, and that they "
     "do not contradict each other.",
     "A list of anybody's choice; one that is about another product.",
     "TCG RIM; XML-DSIG; Canonical XML 1.1; aver(1), --rim, --require rim"},
    {"gpu.measurements", AVER_GPU, true, "measurement",
     "known firmware, in confidential mode: the measurements are NVIDIA's",
     aver_check_gpu_measurements,
     "That each measurement which the lists define has one of the values that "
     "they give. Confidential mode, and that no developer's tools are let in, "
     "shows here and nowhere else.",
     "A genuine GPU whose memory its host can read: developer mode is signed "
     "by no field, it only changes measurements.",
     "DSP0274 1.1, 10.11; aver(1), --allow rim-index=N"},
    {"gpu.revocation", AVER_GPU, true, "revocation_missing",
     "no certificate of the devices is withdrawn", aver_check_gpu_revocation,
     "That NVIDIA's responders say good, at that time, of the device's boot "
     "ROM, its provisioner and the identity CA.",
     "A GPU whose key was stolen signs whatever its thief likes.",
     "RFC 6960, 3.2; aver(1), --ocsp, --require revocation"},
    {"gpu.rim_revocation", AVER_GPU, true, "rim_revocation_missing",
     "no certificate of the RIMs' signers is withdrawn",
     aver_check_gpu_rim_revocation,
     "That NVIDIA's responders say good, at that time, of those who signed "
     "the lists.",
     "A list signed with a key that NVIDIA has lost.",
     "RFC 6960, 3.2; aver(1), --ocsp, --allow rim-hold"},
    {"gpu.bound", AVER_GPU, true, "unbound",
     "the CPU's quote vouches for the GPUs", aver_check_gpu_bound,
     "That the quote covers something the GPUs signed: the nonce, or SHA-256 "
     "of this very evidence. It then rests on the measured code of the machine "
     "that the GPUs are its own: no GPU's report names a CPU.",
     "Evidence of a good GPU somewhere else, passed on.",
     "VERIFYING, which machine's GPU is it; PROTOCOL, report_data"},
};

const unsigned aver_gpu_rows_n =
    sizeof(aver_gpu_rows) / sizeof(aver_gpu_rows[0]);
