/*
 * A library whose unwind tables make use of all that assemblers can write, for any CPU: the
 * registers are DWARF's numbers, and the code is not meant to run. readelf and elf/unwind/ read
 * the tables; what they say is nonsense in every ABI, and that is no matter to either.
 *
 * Distances are multiples of 4, in which some CPUs count.
 */

/* A function of nothing but room, with the directives in between. */
#define FUNCTION(name, ...)                                              \
  __asm__(".text\n.balign 4\n.globl " #name "\n.type " #name ", %function\n" \
          #name ":\n.cfi_startproc\n" __VA_ARGS__                        \
          ".skip 4\n.cfi_endproc\n.size " #name ", .-" #name "\n")

/* Each of these is a row of its own: the CFA tells it from the one before. */
#define ROW(cfa_offset) ".skip 4\n.cfi_def_cfa_offset " #cfa_offset "\n"

/* DW_CFA_advance_loc, _loc1, _loc2 and _loc4, counting in 1 or in 4 bytes. */
FUNCTION(unwind_advance,
         ".skip 4\n.cfi_def_cfa_offset 1000\n"
         ".skip 128\n.cfi_def_cfa_offset 2000\n"
         ".skip 400\n.cfi_def_cfa_offset 3000\n"
         ".skip 2000\n.cfi_def_cfa_offset 4000\n"
         ".skip 300000\n.cfi_def_cfa_offset 5000\n");

FUNCTION(unwind_rules,
         ".skip 4\n.cfi_def_cfa 6, 64\n.cfi_offset 3, -16\n.cfi_offset 5, 24\n"
         ".skip 4\n.cfi_undefined 4\n.cfi_same_value 3\n"
         ".skip 4\n.cfi_register 5, 9\n"
         ".skip 4\n.cfi_def_cfa_register 7\n.cfi_rel_offset 9, 8\n"
         ".skip 4\n.cfi_restore 3\n.cfi_restore 5\n"
         ".skip 4\n.cfi_offset 70, -640\n" /* DW_CFA_offset_extended */
         ".skip 4\n.cfi_restore 70\n");    /* DW_CFA_restore_extended */

FUNCTION(unwind_state,
         ".skip 4\n.cfi_def_cfa 5, 16\n.cfi_offset 3, -8\n.cfi_remember_state\n"
         ".skip 4\n.cfi_def_cfa 6, 32\n.cfi_offset 4, -16\n.cfi_remember_state\n"
         ".skip 4\n.cfi_offset 3, -32\n.cfi_undefined 4\n"
         ".skip 4\n.cfi_restore_state\n"
         ".skip 4\n.cfi_restore_state\n"
         ".skip 4\n.cfi_adjust_cfa_offset 8\n");

/* What directives do not write: opcode, then operands, in LEB128. */
FUNCTION(unwind_escapes,
         ".skip 4\n.cfi_escape 0x0c, 3, 0x80, 0x01\n" /* DW_CFA_def_cfa 3, 128 */
         ".skip 4\n.cfi_escape 0x12, 4, 0x7e\n"       /* DW_CFA_def_cfa_sf 4, -2 */
         ".skip 4\n.cfi_escape 0x13, 0x70\n"          /* DW_CFA_def_cfa_offset_sf -16 */
         ".skip 4\n.cfi_escape 0x05, 3, 2\n"          /* DW_CFA_offset_extended 3, 2 */
         ".skip 4\n.cfi_escape 0x11, 3, 0x7f\n"       /* DW_CFA_offset_extended_sf 3, -1 */
         ".skip 4\n.cfi_escape 0x14, 5, 3\n"          /* DW_CFA_val_offset 5, 3 */
         ".skip 4\n.cfi_escape 0x15, 6, 0x7d\n"       /* DW_CFA_val_offset_sf 6, -3 */
         ".skip 4\n.cfi_escape 0x2f, 9, 4\n"          /* DW_CFA_GNU_negative_offset_extended */
         ".skip 4\n.cfi_escape 0x2e, 0x20\n"          /* DW_CFA_GNU_args_size 32 */
         ".skip 4\n.cfi_escape 0x06, 3\n"             /* DW_CFA_restore_extended 3 */
         ".skip 4\n.cfi_escape 0x00, 0x00\n");        /* DW_CFA_nop */

/* DW_OP_breg7 8, DW_OP_deref; DW_OP_lit16, DW_OP_plus; DW_OP_breg3 0 */
FUNCTION(unwind_expressions,
         ".skip 4\n.cfi_escape 0x0f, 3, 0x77, 0x08, 0x06\n" /* DW_CFA_def_cfa_expression */
         ".skip 4\n.cfi_escape 0x10, 4, 2, 0x40, 0x22\n"    /* DW_CFA_expression 4 */
         ".skip 4\n.cfi_escape 0x16, 5, 2, 0x73, 0x00\n"    /* DW_CFA_val_expression 5 */
         ".skip 4\n.cfi_def_cfa 3, 8\n");

FUNCTION(unwind_signal, ".cfi_signal_frame\n" ROW(80) ROW(96));

/* A personality routine and language-specific data: relative, and relative and indirect. */
__asm__(".text\nunwind_personality:\n.skip 4\n"
        ".data\n.balign 8\nunwind_pointer:\n.skip 8\n"
        ".section .rodata\n.balign 4\nunwind_data:\n.skip 4\n");
FUNCTION(unwind_language, ".cfi_personality 0x1b, unwind_personality\n"
                          ".cfi_lsda 0x1b, unwind_data\n" ROW(112));
FUNCTION(unwind_indirect, ".cfi_personality 0x9b, unwind_pointer\n" ROW(128));

#ifdef __aarch64__
/* The return address gets signed, by the key B, and is as it was at the end. */
FUNCTION(unwind_signed, ".cfi_b_key_frame\n"
                        ".skip 4\n.cfi_negate_ra_state\n.cfi_def_cfa_offset 16\n"
                        ".skip 4\n.cfi_negate_ra_state\n.cfi_def_cfa_offset 32\n");
#endif

/* Between all these, something that a compiler made. */
int unwind_call(int (*function)(int), int count);

int unwind_call(int (*function)(int), int count) {
  int sum = 0;
  for (int i = 0; i < count; i++) sum += function(i);
  return sum;
}
