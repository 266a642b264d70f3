#pragma once
// The interpreter of scripts: LuaJIT behind an interface of plain functions. Lua raises errors by longjmp, which must
// not pass through Swift frames: so everything that talks to Lua is C, Swift is called back for data only, and
// an error is raised after the callback has returned.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Bytes that somebody else owns. Laid out as Swift's `ByteView`.
typedef struct {
  const void *_Nullable bytes;
  long count;
} cscript_word;

/// One interpreter: compiled scripts, and any number of runs of which one at a time goes on. For one thread.
typedef struct cscript cscript;
/// A script under way.
typedef struct cscript_run cscript_run;

/// What became of a `redis.call`.
typedef enum {
  /// `reply` is its reply in RESP.
  CSCRIPT_REPLIED = 0,
  /// `reply` is the text of an error that says that the script may not do this; not the command's own.
  CSCRIPT_REFUSED = 1,
  /// The reply comes with a later `cscript_resume`.
  CSCRIPT_WAITS = 2,
  /// The run is to be given up: it never goes on.
  CSCRIPT_ENDS = 3,
} cscript_outcome;

/// What the interpreter asks of its owner. No callback may call the interpreter.
typedef struct {
  void *_Nullable context;
  cscript_outcome (*_Nonnull call)(
      void *_Nullable context, const cscript_word *_Nonnull words, long count,
      cscript_word *_Nonnull reply);
  void (*_Nonnull log)(void *_Nullable context, int level, cscript_word message);
  /// Whether the user of the script may call this; -1: no such command.
  int (*_Nonnull may_call)(void *_Nullable context, const cscript_word *_Nonnull words, long count);
  /// A function of the library that is being loaded; its callback is kept under `reference`. An error's text in
  /// `error` refuses it.
  void (*_Nonnull register_function)(
      void *_Nullable context, cscript_word name, int reference, cscript_word description,
      const cscript_word *_Nullable flags, long flag_count, cscript_word *_Nonnull error);
  /// What a script that is watched shows by `redis.debug`.
  void (*_Nonnull debug)(void *_Nullable context, cscript_word text);
  /// A number as RESP3 shows it, into 64 bytes; its length.
  long (*_Nonnull describe)(double number, void *_Nonnull text);
} cscript_host;

typedef struct {
  /// As "7.4.0".
  const char *_Nonnull version;
  int version_number;
  /// The heap of the interpreter.
  size_t heap_bytes_max;
  /// A run that has gone on for longer pauses.
  uint64_t slice_nanoseconds;
  /// Calls may be answered later.
  bool calls_may_wait;
  /// `setfenv`, `getfenv` and `newproxy` are there.
  bool has_deprecated_functions;
} cscript_options;

cscript *_Nullable cscript_create(
    const cscript_host *_Nonnull host, const cscript_options *_Nonnull options);
void cscript_destroy(cscript *_Nonnull script);
/// Bytes of the interpreter's heap.
size_t cscript_heap_bytes(const cscript *_Nonnull script);
/// Collects garbage.
void cscript_collect(cscript *_Nonnull script);

/// Compiles a script. A reference to it, or 0: the text of the error is in `cscript_error`.
int cscript_compile(cscript *_Nonnull script, cscript_word text);
/// Runs a library's text, which registers its functions; as `cscript_compile`: true, or an error.
bool cscript_load_library(cscript *_Nonnull script, cscript_word text, uint64_t nanoseconds_max);
void cscript_forget(cscript *_Nonnull script, int reference);

typedef enum {
  CSCRIPT_DONE = 0,
  /// `cscript_error` and the functions after it tell why.
  CSCRIPT_FAILED = 1,
  /// For the reply to a call.
  CSCRIPT_SUSPENDED = 2,
  /// Its slice is over.
  CSCRIPT_PAUSED = 3,
  /// A call said so.
  CSCRIPT_ENDED = 4,
  /// It is watched, and has come to a line that it is to stop at.
  CSCRIPT_STOPPED = 5,
} cscript_state;

/// Begins to run a script (then the keys and arguments are its globals), or a library's function (then
/// they are its arguments).
///
/// `*run` is set if the run is not over, for `cscript_resume` or `cscript_abandon`.
cscript_state cscript_begin(
    cscript *_Nonnull script, int reference, bool is_function, const cscript_word *_Nullable keys,
    long key_count, const cscript_word *_Nullable arguments, long argument_count,
    cscript_run *_Nullable *_Nonnull run);
/// Goes on, with the reply of a call where it waits for one.
cscript_state cscript_resume(
    cscript *_Nonnull script, cscript_run *_Nonnull run, cscript_outcome outcome,
    cscript_word reply);
/// Gives up a run that is not over.
void cscript_abandon(cscript *_Nonnull script, cscript_run *_Nonnull run);

/// The protocol version that the script has chosen for its own replies.
int cscript_protocol(const cscript *_Nonnull script);
/// What the run that was just done returned, in RESP of `protocol`. Valid until the next call. Empty: it nests
/// too deeply.
cscript_word cscript_result(cscript *_Nonnull script, int protocol);

/// Why it failed: with its code; without where.
cscript_word cscript_error(const cscript *_Nonnull script);
/// Where: the name of the source, empty if unknown; and the line.
cscript_word cscript_error_source(const cscript *_Nonnull script);
int cscript_error_line(const cscript *_Nonnull script);
/// It is a text in which the place is missing that others begin with.
bool cscript_error_lacks_place(const cscript *_Nonnull script);
/// The error came from a command, which has counted it.
bool cscript_error_is_counted(const cscript *_Nonnull script);

// The debugger.

typedef enum { STOP_STEP = 0, STOP_BREAKPOINT = 1, STOP_CALL = 2 } cscript_stop_reason;

/// A run is to stop at some of its lines from here on. NULL: the next one that begins. `may_stop_here`: also at the line
/// where it has stopped last, if it comes to that again before any other.
void cscript_watch(
    cscript *_Nonnull script, cscript_run *_Nullable run, bool stops_at_next_line, bool may_stop_here,
    const int *_Nullable breakpoints, long count);
/// Nobody is.
void cscript_unwatch(cscript *_Nonnull script);
/// Where the one that is watched was last, and why it has stopped there.
int cscript_stop_line(const cscript *_Nonnull script);
cscript_stop_reason cscript_reason_of_stop(const cscript *_Nonnull script);

// Of the run that has stopped, as lines of text that are valid until the next call: the variable of that name, those of
// the function it stands in, and the functions that have called each other with the lines they stand at.
cscript_word cscript_variable(cscript *_Nonnull script, const char *_Nonnull name);
cscript_word cscript_variables(cscript *_Nonnull script);
cscript_word cscript_calls(cscript *_Nonnull script);

/// Runs an expression, or statements, with the globals of a run that has stopped. As `cscript_begin`; `is_call`: `text`
/// is not looked at, and the words are called by `redis.call`.
cscript_state cscript_evaluate(
    cscript *_Nonnull script, cscript_run *_Nonnull stopped, cscript_word text, bool is_call,
    const cscript_word *_Nullable words, long count, cscript_run *_Nullable *_Nonnull run);
/// What it returned. Valid until the next call.
cscript_word cscript_described_result(cscript *_Nonnull script);

/// 40 hexadecimal digits.
void cscript_sha1_hex(const void *_Nullable bytes, size_t count, char *_Nonnull digits);
