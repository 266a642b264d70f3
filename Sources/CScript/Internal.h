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

typedef enum { YIELD_NONE, YIELD_CALL, YIELD_SLICE, YIELD_END } yield_reason;

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

struct cscript {
  lua_State *state;
  cscript_host host;
  cscript_options options;
  size_t heap_bytes;
  /// The globals behind the proxy that scripts see.
  int globals_reference, environment_reference, loading_reference, library_reference;
  cscript_run *free_runs;
  cscript_run *current;
  yield_reason reason;
  /// In monotonic nanoseconds; 0: not known yet.
  uint64_t slice_end;
  unsigned call_count;
  /// The next instruction looks at the clock.
  bool is_look_due;
  int protocol;
  bool is_loading;
  bool has_library_deadline;
  buffer output;
  buffer error;
  buffer error_source;
  int error_line;
  bool error_is_counted;
  cscript_word *words;
  long word_capacity;
  buffer numbers;
  /// For the libraries' encoders.
  buffer scratch;
};

cscript *script_of(lua_State *state);

/// After a call: commands take longer than instructions, so the clock is looked at more often.
void look_after_call(cscript *script, lua_State *state);

/// Writes a number in decimal digits, no end mark; the count of bytes, at most 20.
int write_integer(char *text, long long number);

/// Pushes the value of the reply that starts at `*offset`, which moves behind it.
void push_reply(cscript *script, lua_State *state, const char *reply, size_t count, size_t *offset);
/// Pushes `{err = text}`.
void push_error_table(lua_State *state, const char *text, size_t count);
/// Writes the value at the top and pops it. False if it nests too deeply.
bool write_result(cscript *script, lua_State *state, buffer *output, int protocol, int depth);

/// Raise an error that names the place. Do not return.
int raise_read_only(lua_State *state);

/// Raises an error of this text, or leaves it as a table.
int refuse(lua_State *state, const char *text, bool is_protected_call);
int redis_register_function(lua_State *state);

void open_json(lua_State *state);
void open_msgpack(lua_State *state);
void open_struct(lua_State *state);
void open_redis(cscript *script, lua_State *state);
/// Replaces the table at the top by a proxy that can't be changed.
void protect_table(lua_State *state);
bool is_protected(lua_State *state, int index);
extern const char cscript_prelude[];
