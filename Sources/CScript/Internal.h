#pragma once
#include "CScript.h"
#include <lauxlib.h>
#include <lua.h>
#include <luajit.h>
#include <lualib.h>

/// Bytes that grow. Outside of Lua's heap: an error may not leak them, so they belong to the interpreter.
typedef struct {
  char *bytes;
  size_t count, capacity;
} buffer;

void buffer_reserve(buffer *buffer, size_t extra);
void buffer_append(buffer *buffer, const void *bytes, size_t count);
static inline void buffer_byte(buffer *buffer, char byte) {
  if (buffer->count == buffer->capacity) buffer_reserve(buffer, 1);
  buffer->bytes[buffer->count++] = byte;
}
static inline void buffer_text(buffer *buffer, const char *text) {
  buffer_append(buffer, text, __builtin_strlen(text));
}

typedef enum { YIELD_NONE, YIELD_CALL, YIELD_SLICE, YIELD_END, YIELD_STOP } yield_reason;

struct cscript_run {
  lua_State *thread;
  int thread_reference;
  /// While it is not the one that goes on: its globals, and what it set.
  int keys_reference, arguments_reference;
  int protocol;
  bool is_protected_call;
  bool has_globals;
  cscript_run *next_free;
};

enum { breakpoints_max = 64, variables_max = 200 };

typedef struct {
  /// Who is watched; NULL: nobody.
  cscript_run *run;
  bool is_for_next_run;
  bool stops_at_next_line;
  /// It has called `redis.breakpoint`.
  bool stops_at_call;
  int breakpoints[breakpoints_max];
  int breakpoint_count;
  /// Where it was last.
  int line;
  cscript_stop_reason reason;
  /// The coroutine that has stopped.
  lua_State *place;
  /// The variables of its innermost function. Once a coroutine is suspended, the interpreter takes it to stand one
  /// instruction before the line that it has come to, where the newest one is not there yet.
  const char *names[variables_max];
  int name_count;
} debugger;

struct cscript {
  lua_State *state;
  cscript_host host;
  cscript_options options;
  size_t heap_bytes;
  /// Of them, in large blocks.
  size_t large_bytes;
  /// Allocated since the last look at the clock.
  size_t unseen_bytes;
  /// How many instructions go by between two looks.
  int look_interval;
  /// There is a look at each line too.
  bool looks_at_lines;
  debugger debugger;
  /// It went on for too long where it can't be suspended: it ends by an error that nothing catches.
  bool is_doomed;
  /// The globals behind the proxy that scripts see.
  int globals_reference, environment_reference, loading_reference, library_reference;
  /// The texts `KEYS` and `ARGV`.
  int keys_name, arguments_name;
  cscript_run *free_runs;
  cscript_run *current;
  yield_reason reason;
  /// In monotonic nanoseconds; 0: not known yet.
  uint64_t slice_end;
  unsigned call_count;
  int protocol;
  bool is_loading;
  bool has_library_deadline;
  buffer output;
  /// How many values the conversion that goes on has seen so far, and when it has taken too long: in monotonic
  /// nanoseconds, 0 as long as that need not be known.
  long converted_count;
  uint64_t conversion_end;
  buffer error;
  buffer error_source;
  int error_line;
  bool error_is_counted;
  /// It is a text that the interpreter or `error` has raised, without a place: of a call that a function ended with.
  bool error_lacks_place;
  cscript_word *words;
  long word_capacity;
  buffer numbers;
  /// For the libraries' encoders.
  buffer scratch;
};

cscript *script_of(lua_State *state);
/// The clock is looked at before the next instruction: for functions that take long.
void look_soon(cscript *script);
/// What is longer takes a while.
enum { long_text_bytes = 16 << 10 };

/// After a call: commands take longer than instructions, so the clock is looked at more often.
void look_after_call(cscript *script);

/// Writes a number in decimal digits, no end mark; the count of bytes, at most 20.
int write_integer(char *text, long long number);

/// Pushes the value of the reply that starts at `*offset`, which moves behind it.
void push_reply(cscript *script, lua_State *state, const char *reply, size_t count, size_t *offset);
/// Begins a conversion of a value: a small table that stands in many places is as good as endless, so that what becomes
/// of it is bounded in time too.
void begin_conversion(cscript *script);
/// Whether the conversion that goes on has taken too long; to be asked for each value.
bool is_overdue(cscript *script);

/// Pushes `{err = text}`.
void push_error_table(lua_State *state, const char *text, size_t count);
/// Says of the error table at the top that the server has counted it, and tells it.
void note_as_counted(lua_State *state);
bool is_counted_error(lua_State *state);
/// What an encoder may write: a table that stands in many places can become endless.
enum { encoded_bytes_max = 64 << 20 };
/// Writes the value at the top and pops it. False if it nests too deeply, or is too much.
bool write_result(cscript *script, lua_State *state, buffer *output, int protocol, int depth);

/// Raise an error that names the place. Do not return.
int raise_read_only(lua_State *state);

/// Raises an error of this text, or leaves it as a table.
int refuse(lua_State *state, const char *text, bool is_protected_call);
int redis_register_function(lua_State *state);

bool stops_at_line(cscript *script, lua_State *thread, lua_Debug *debug);
int redis_debug(lua_State *state);
int redis_breakpoint(lua_State *state);

void open_json(lua_State *state);
void open_msgpack(lua_State *state);
void open_struct(lua_State *state);
void open_patterns(lua_State *state);
void open_deprecated(lua_State *state, int globals);
void open_redis(cscript *script, lua_State *state);
/// Replaces the table at the top by a proxy that can't be changed.
void protect_table(lua_State *state);
bool is_protected(lua_State *state, int index);
extern const char cscript_prelude[];
