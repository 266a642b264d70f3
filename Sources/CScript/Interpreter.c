// One interpreter: its heap, compiled scripts, and runs as coroutines.
#include "Internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// MARK: The heap

/// One instruction on a block that is large takes long.
enum { large_block_bytes = 64 << 10 };
/// What is allocated takes time to be filled.
enum { bytes_a_look = 1 << 20 };

static inline void resized(cscript *script, size_t old_count, size_t count) {
  if (old_count >= large_block_bytes) script->large_bytes -= old_count;
  if (count >= large_block_bytes) script->large_bytes += count;
  if (count <= old_count) return;
  script->unseen_bytes += count - old_count;
  if (script->unseen_bytes >= bytes_a_look) look_soon(script);
}

static void *allocate(void *context, void *block, size_t old_count, size_t count) {
  cscript *script = context;
  if (count == 0) {
    script->heap_bytes -= old_count;
    resized(script, old_count, 0);
    free(block);
    return NULL;
  }
  // Lua raises an error then, after it has collected garbage.
  if (count > old_count && script->heap_bytes + (count - old_count) > script->options.heap_bytes_max) {
    return NULL;
  }
  void *grown = realloc(block, count);
  if (grown) {
    script->heap_bytes += count - old_count;
    resized(script, old_count, count);
  }
  return grown;
}

size_t cscript_heap_bytes(const cscript *script) { return script->heap_bytes; }
void cscript_collect(cscript *script) { lua_gc(script->state, LUA_GCCOLLECT, 0); }

cscript *script_of(lua_State *state) {
  void *context;
  lua_getallocf(state, &context);
  return context;
}

// MARK: Slices

/// How many instructions go by between two looks at the clock, and where there are large blocks.
enum { instructions_a_look = 2000, instructions_a_look_min = 4 };
/// Commands take longer than instructions.
enum { calls_a_look = 16 };
/// For how long a run may go on where it can't be suspended.
enum { unsuspended_nanoseconds_max = 250000000 };

static void look_at_clock(lua_State *state, lua_Debug *debug);

static void set_hook(cscript *script) {
  int mask = script->looks_at_lines ? LUA_MASKCOUNT | LUA_MASKLINE : LUA_MASKCOUNT;
  lua_sethook(script->state, look_at_clock, mask, script->look_interval);
}

static void set_look_interval(cscript *script, int interval) {
  if (interval == script->look_interval) return;
  script->look_interval = interval;
  set_hook(script);
}

void look_soon(cscript *script) {
  script->unseen_bytes = 0;
  // Before there is a hook nothing runs that matters.
  if (script->look_interval > 0) set_look_interval(script, 1);
}

static int usual_interval(const cscript *script) {
  size_t megabytes = script->large_bytes >> 20;
  if (megabytes < 2) return instructions_a_look;
  size_t interval = instructions_a_look / megabytes;
  return interval < instructions_a_look_min ? instructions_a_look_min : (int)interval;
}

/// The slice begins with the first look: most scripts are over before.
static bool is_slice_over(cscript *script, uint64_t now) {
  if (script->slice_end == 0) script->slice_end = now + script->options.slice_nanoseconds;
  return now >= script->slice_end;
}

enum { values_a_look = 1 << 12 };
/// What a value takes that is as large as a reply may be is less.
enum { conversion_nanoseconds_max = 750000000 };

void begin_conversion(cscript *script) {
  script->converted_count = 0;
  script->conversion_end = 0;
}

bool is_overdue(cscript *script) {
  if (++script->converted_count % values_a_look != 0) return false;
  uint64_t now = nanoseconds();
  is_slice_over(script, now);
  if (script->conversion_end == 0) script->conversion_end = now + conversion_nanoseconds_max;
  if (now < script->conversion_end) return false;
  // Whoever catches the error and tries again is to be suspended in between.
  look_soon(script);
  return true;
}

void look_after_call(cscript *script) {
  if (++script->call_count % calls_a_look == 0 && is_slice_over(script, nanoseconds())) look_soon(script);
}

/// Of a run that is watched: the ends of slices wait for a line too, because what pauses between two looks at the same
/// instruction would not be looked at again when it goes on.
static void look_at_line(cscript *script, lua_State *state, lua_Debug *debug) {
  if (stops_at_line(script, state, debug)) {
    script->reason = YIELD_STOP;
  } else if (is_slice_over(script, nanoseconds()) && lua_isyieldable(state)) {
    script->reason = YIELD_SLICE;
  } else {
    return;
  }
  lua_yield(state, 0);
}

static void look_at_clock(lua_State *state, lua_Debug *debug) {
  cscript *script = script_of(state);
  if (debug->event == LUA_HOOKLINE) return look_at_line(script, state, debug);
  if (script->is_doomed) luaL_error(state, "script took too long where it can't be suspended");
  set_look_interval(script, usual_interval(script));
  if (script->is_loading) {
    if (script->has_library_deadline && nanoseconds() > script->slice_end) {
      luaL_error(state, "FUNCTION LOAD timeout");
    }
    return;
  }
  if (!script->current) return;
  uint64_t now = nanoseconds();
  if (!is_slice_over(script, now)) return;
  if (script->looks_at_lines && lua_isyieldable(state)) return;
  // Inside a function of C that calls back it goes on; there are few (see the prelude).
  if (!lua_isyieldable(state)) {
    if (now - script->slice_end < unsuspended_nanoseconds_max) return;
    // From here on each instruction raises the error: whoever catches it gets the next one.
    script->is_doomed = true;
    set_look_interval(script, 1);
    luaL_error(state, "script took too long where it can't be suspended");
  }
  script->reason = YIELD_SLICE;
  lua_yield(state, 0);
}

// MARK: Life

/// An error that nothing catches would end the process without a word.
static int panic(lua_State *state) {
  fprintf(stderr, "error outside of a script: %s\n", lua_tostring(state, -1));
  abort();
}

cscript *cscript_create(const cscript_host *host, const cscript_options *options) {
  cscript *script = calloc(1, sizeof *script);
  if (!script) return NULL;
  script->host = *host;
  script->options = *options;
  script->protocol = 2;
  lua_State *state = lua_newstate(allocate, script);
  if (!state) {
    free(script);
    return NULL;
  }
  script->state = state;
  lua_atpanic(state, panic);
  // Compiled code would not look at the clock.
  luaJIT_setmode(state, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
  open_redis(script, state);
  lua_gc(state, LUA_GCCOLLECT, 0);
  set_look_interval(script, instructions_a_look);
  return script;
}

void cscript_destroy(cscript *script) {
  lua_close(script->state);
  while (script->free_runs) {
    cscript_run *run = script->free_runs;
    script->free_runs = run->next_free;
    free(run);
  }
  free(script->output.bytes);
  free(script->error.bytes);
  free(script->error_source.bytes);
  free(script->numbers.bytes);
  free(script->scratch.bytes);
  free(script->words);
  free(script);
}

// MARK: Errors

static void set_error(cscript *script, const char *text, size_t count) {
  script->error.count = 0;
  buffer_append(&script->error, text, count);
  script->error_source.count = 0;
  script->error_line = 0;
  script->error_is_counted = false;
  script->error_lacks_place = false;
}

cscript_word cscript_error(const cscript *script) {
  return (cscript_word){script->error.bytes, (long)script->error.count};
}
cscript_word cscript_error_source(const cscript *script) {
  return (cscript_word){script->error_source.bytes, (long)script->error_source.count};
}
int cscript_error_line(const cscript *script) { return script->error_line; }
bool cscript_error_lacks_place(const cscript *script) { return script->error_lacks_place; }
bool cscript_error_is_counted(const cscript *script) { return script->error_is_counted; }
int cscript_protocol(const cscript *script) { return script->protocol; }

/// Takes the place from a text that begins with `name:line:`.
static void read_place(cscript *script, const char *text) {
  const char *colon = strchr(text, ':');
  if (!colon || colon == text) return;
  char *end;
  long line = strtol(colon + 1, &end, 10);
  if (end == colon + 1 || *end != ':') return;
  script->error_source.count = 0;
  buffer_byte(&script->error_source, '@');
  buffer_append(&script->error_source, text, (size_t)(colon - text));
  script->error_line = (int)line;
}

/// Finds out where a run failed: its stack still stands.
static void find_place(cscript *script, lua_State *thread, const char *text) {
  lua_Debug debug;
  for (int level = 0; level < 8 && lua_getstack(thread, level, &debug); level++) {
    lua_getinfo(thread, "Sl", &debug);
    if (strcmp(debug.what, "C") == 0 || strcmp(debug.source, "=redis") == 0) continue;
    if (debug.currentline < 0) break;
    buffer_text(&script->error_source, debug.source);
    script->error_line = debug.currentline;
    return;
  }
  // The place of an error that the interpreter raised itself stands in its text only.
  if (text) read_place(script, text);
}

/// Keeps the error at the top of a failed run's stack.
static void take_error(cscript *script, lua_State *thread) {
  script->error.count = 0;
  script->error_source.count = 0;
  script->error_line = 0;
  script->error_is_counted = false;
  script->error_lacks_place = false;
  if (lua_istable(thread, -1)) {
    lua_pushstring(thread, "err");
    lua_rawget(thread, -2);
    const char *text = lua_tostring(thread, -1);
    if (text) {
      buffer_text(&script->error, text);
    } else {
      buffer_text(&script->error, "ERR unknown error");
    }
    lua_pop(thread, 1);
    script->error_is_counted = is_counted_error(thread);
    find_place(script, thread, NULL);
    return;
  }
  const char *text = lua_tostring(thread, -1);
  buffer_text(&script->error, "ERR ");
  if (text) {
    buffer_text(&script->error, text);
  } else if (lua_isboolean(thread, -1)) {
    buffer_text(&script->error, lua_toboolean(thread, -1) ? "true" : "false");
  } else {
    buffer_text(&script->error, lua_isnil(thread, -1) ? "nil" : "unknown error");
  }
  find_place(script, thread, text);
  script->error_lacks_place = text && script->error_source.count == 0;
}

// MARK: Scripts

int cscript_compile(cscript *script, cscript_word text) {
  lua_State *state = script->state;
  int status = luaL_loadbufferx(
      state, text.count ? text.bytes : "", (size_t)text.count, "@user_script", "t");
  if (status != 0) {
    size_t count;
    const char *message = lua_tolstring(state, -1, &count);
    set_error(script, message ? message : "?", message ? count : 1);
    lua_pop(state, 1);
    return 0;
  }
  lua_rawgeti(state, LUA_REGISTRYINDEX, script->environment_reference);
  lua_setfenv(state, -2);
  return luaL_ref(state, LUA_REGISTRYINDEX);
}

void cscript_forget(cscript *script, int reference) {
  luaL_unref(script->state, LUA_REGISTRYINDEX, reference);
}

/// What the functions of libraries see: little while their library is being loaded, what scripts see later.
static void set_library_globals(cscript *script, int reference) {
  lua_State *state = script->state;
  lua_rawgeti(state, LUA_REGISTRYINDEX, script->library_reference);
  lua_getmetatable(state, -1);
  lua_rawgeti(state, LUA_REGISTRYINDEX, reference);
  lua_setfield(state, -2, "__index");
  lua_pop(state, 2);
}

bool cscript_load_library(cscript *script, cscript_word text, uint64_t nanoseconds_max) {
  lua_State *state = script->state;
  int top = lua_gettop(state);
  int status = luaL_loadbufferx(
      state, text.count ? text.bytes : "", (size_t)text.count, "@user_function", "t");
  if (status != 0) {
    size_t count;
    const char *message = lua_tolstring(state, -1, &count);
    script->error.count = 0;
    buffer_text(&script->error, "ERR Error compiling function: ");
    buffer_append(&script->error, message, message ? count : 0);
    lua_settop(state, top);
    return false;
  }
  lua_rawgeti(state, LUA_REGISTRYINDEX, script->library_reference);
  lua_setfenv(state, -2);
  set_library_globals(script, script->loading_reference);
  script->is_loading = true;
  script->has_library_deadline = nanoseconds_max > 0;
  script->slice_end = nanoseconds() + nanoseconds_max;
  status = lua_pcall(state, 0, 0, 0);
  script->is_loading = false;
  set_library_globals(script, script->globals_reference);
  if (status != 0) {
    script->error.count = 0;
    buffer_text(&script->error, "ERR Error registering functions: ");
    size_t count = 0;
    const char *message = NULL;
    if (lua_istable(state, -1)) {
      lua_pushstring(state, "err");
      lua_rawget(state, -2);
    }
    message = lua_tolstring(state, -1, &count);
    if (message && count > 4 && memcmp(message, "ERR ", 4) == 0 && lua_istable(state, -2)) {
      message += 4;
      count -= 4;
    }
    buffer_append(&script->error, message ? message : "unknown", message ? count : 7);
  }
  lua_settop(state, top);
  return status == 0;
}

// MARK: Runs

static cscript_run *new_run(cscript *script) {
  cscript_run *run = script->free_runs;
  if (run) {
    script->free_runs = run->next_free;
    return run;
  }
  run = calloc(1, sizeof *run);
  if (!run) abort();
  run->thread = lua_newthread(script->state);
  run->thread_reference = luaL_ref(script->state, LUA_REGISTRYINDEX);
  return run;
}

static void forget_globals(cscript *script, cscript_run *run) {
  if (!run->has_globals) return;
  luaL_unref(script->state, LUA_REGISTRYINDEX, run->keys_reference);
  luaL_unref(script->state, LUA_REGISTRYINDEX, run->arguments_reference);
  run->has_globals = false;
}

/// A run that has returned can be used again; one that has not is left to the collector.
static void free_run(cscript *script, cscript_run *run, bool is_done) {
  forget_globals(script, run);
  if (run == script->debugger.run) cscript_unwatch(script);
  if (is_done) {
    lua_settop(run->thread, 0);
    run->next_free = script->free_runs;
    script->free_runs = run;
    return;
  }
  luaL_unref(script->state, LUA_REGISTRYINDEX, run->thread_reference);
  free(run);
}

static void set_word_table(lua_State *thread, const cscript_word *words, long count) {
  lua_createtable(thread, (int)count, 0);
  for (long index = 0; index < count; index++) {
    lua_pushlstring(thread, words[index].count ? words[index].bytes : "", (size_t)words[index].count);
    lua_rawseti(thread, -2, (int)index + 1);
  }
}

static void set_looks_at_lines(cscript *script, bool looks_at_lines) {
  script->looks_at_lines = looks_at_lines;
  set_hook(script);
}

static cscript_state go_on(cscript *script, cscript_run *run, int value_count) {
  lua_State *thread = run->thread;
  bool is_watched = run == script->debugger.run;
  if (is_watched != script->looks_at_lines) set_looks_at_lines(script, is_watched);
  script->current = run;
  script->reason = YIELD_NONE;
  script->slice_end = 0;
  int status = lua_resume(thread, value_count);
  script->current = NULL;
  script->is_doomed = false;
  switch (status) {
    case 0: {
      script->output.count = 0;
      // The first value returned is the result.
      if (lua_gettop(thread) == 0) lua_pushnil(thread);
      lua_settop(thread, 1);
      run->next_free = script->free_runs;
      script->free_runs = run;
      forget_globals(script, run);
      if (is_watched) cscript_unwatch(script);
      return CSCRIPT_DONE;
    }
    case LUA_YIELD:
      if (script->reason == YIELD_END) {
        free_run(script, run, false);
        return CSCRIPT_ENDED;
      }
      if (script->reason == YIELD_NONE) {
        set_error(script, "ERR attempt to yield outside a coroutine", 40);
        free_run(script, run, false);
        return CSCRIPT_FAILED;
      }
      if (!run->has_globals) {
        lua_State *state = script->state;
        lua_rawgeti(state, LUA_REGISTRYINDEX, script->globals_reference);
        // Where only functions have run so far, there are none.
        lua_pushstring(state, "KEYS");
        lua_rawget(state, -2);
        run->keys_reference = luaL_ref(state, LUA_REGISTRYINDEX);
        lua_pushstring(state, "ARGV");
        lua_rawget(state, -2);
        run->arguments_reference = luaL_ref(state, LUA_REGISTRYINDEX);
        lua_pop(state, 1);
        run->has_globals = true;
      }
      run->protocol = script->protocol;
      switch (script->reason) {
        case YIELD_CALL: return CSCRIPT_SUSPENDED;
        case YIELD_STOP: return CSCRIPT_STOPPED;
        default: return CSCRIPT_PAUSED;
      }
    default:
      take_error(script, thread);
      free_run(script, run, false);
      // What filled the heap is garbage now.
      if (status == LUA_ERRMEM) script->error_lacks_place = false;
      if (status == LUA_ERRMEM) lua_gc(script->state, LUA_GCCOLLECT, 0);
      return CSCRIPT_FAILED;
  }
}

typedef struct {
  int reference;
  bool is_function;
  const cscript_word *keys, *arguments;
  long key_count, argument_count;
  cscript_run *run;
} beginning;

static bool is_unfinished(cscript_state state) {
  return state == CSCRIPT_SUSPENDED || state == CSCRIPT_PAUSED || state == CSCRIPT_STOPPED;
}

/// What the debugger is to evaluate.
typedef struct {
  cscript_word text;
  bool is_call;
  const cscript_word *words;
  long count;
  cscript_run *run;
  bool has_failed;
} evaluation;

/// Others have run since a run was suspended.
static void set_globals(cscript *script, const cscript_run *run) {
  lua_State *state = script->state;
  script->protocol = run->protocol;
  lua_rawgeti(state, LUA_REGISTRYINDEX, script->globals_reference);
  lua_rawgeti(state, LUA_REGISTRYINDEX, run->keys_reference);
  lua_setfield(state, -2, "KEYS");
  lua_rawgeti(state, LUA_REGISTRYINDEX, run->arguments_reference);
  lua_setfield(state, -2, "ARGV");
  lua_pop(state, 1);
}

static void prepare(cscript *script, beginning *what) {
  what->run = new_run(script);
  lua_State *thread = what->run->thread;
  lua_settop(thread, 0);
  lua_rawgeti(thread, LUA_REGISTRYINDEX, what->reference);
  if (what->is_function) {
    set_word_table(thread, what->keys, what->key_count);
    set_word_table(thread, what->arguments, what->argument_count);
    return;
  }
  lua_rawgeti(thread, LUA_REGISTRYINDEX, script->globals_reference);
  lua_rawgeti(thread, LUA_REGISTRYINDEX, script->keys_name);
  set_word_table(thread, what->keys, what->key_count);
  lua_rawset(thread, -3);
  lua_rawgeti(thread, LUA_REGISTRYINDEX, script->arguments_name);
  set_word_table(thread, what->arguments, what->argument_count);
  lua_rawset(thread, -3);
  lua_settop(thread, 1);
}

static int prepare_protected(lua_State *state) {
  prepare(script_of(state), lua_touserdata(state, 1));
  return 0;
}

/// Whether the heap has room for the words of a run and all that belongs to it.
static bool has_room(const cscript *script, const beginning *what) {
  size_t needed = 64 << 10;
  needed += (size_t)(what->key_count + what->argument_count) * 64;
  for (long index = 0; index < what->key_count; index++) needed += (size_t)what->keys[index].count;
  for (long index = 0; index < what->argument_count; index++) needed += (size_t)what->arguments[index].count;
  return script->heap_bytes + needed < script->options.heap_bytes_max / 2;
}

cscript_state cscript_begin(
    cscript *script, int reference, bool is_function, const cscript_word *keys, long key_count,
    const cscript_word *arguments, long argument_count, cscript_run **run) {
  *run = NULL;
  beginning what = {reference, is_function, keys, arguments, key_count, argument_count, NULL};
  lua_State *state = script->state;
  script->protocol = 2;
  if (has_room(script, &what)) {
    // No allocation fails then, so that no error has to be caught.
    prepare(script, &what);
  } else if (lua_cpcall(state, prepare_protected, &what) != 0) {
    lua_settop(state, 0);
    if (what.run) free_run(script, what.run, false);
    set_error(script, "ERR not enough memory", 21);
    return CSCRIPT_FAILED;
  }
  if (script->debugger.is_for_next_run) {
    script->debugger.is_for_next_run = false;
    script->debugger.run = what.run;
  }
  cscript_state outcome = go_on(script, what.run, is_function ? 2 : 0);
  if (is_unfinished(outcome)) *run = what.run;
  return outcome;
}

static int push_evaluation(lua_State *state) {
  evaluation *what = lua_touserdata(state, 1);
  cscript *script = script_of(state);
  what->run = new_run(script);
  lua_State *thread = what->run->thread;
  lua_settop(thread, 0);
  static const char call[] = "local words = ... return redis.call(unpack(words))";
  int status;
  if (what->is_call) {
    status = luaL_loadbufferx(thread, call, sizeof call - 1, "@ldb_eval", "t");
  } else {
    const char *text = what->text.count ? what->text.bytes : "";
    size_t count = (size_t)what->text.count;
    buffer *expression = &script->scratch;
    expression->count = 0;
    buffer_text(expression, "return ");
    buffer_append(expression, text, count);
    status = luaL_loadbufferx(thread, expression->bytes, expression->count, "@ldb_eval", "t");
    if (status != 0) {
      lua_pop(thread, 1);
      status = luaL_loadbufferx(thread, text, count, "@ldb_eval", "t");
    }
  }
  if (status != 0) {
    size_t count = 0;
    const char *message = lua_tolstring(thread, -1, &count);
    set_error(script, message ? message : "?", message ? count : 1);
    what->has_failed = true;
    return 0;
  }
  lua_rawgeti(thread, LUA_REGISTRYINDEX, script->environment_reference);
  lua_setfenv(thread, -2);
  if (what->is_call) set_word_table(thread, what->words, what->count);
  return 0;
}

cscript_state cscript_evaluate(
    cscript *script, cscript_run *stopped, cscript_word text, bool is_call, const cscript_word *words,
    long count, cscript_run **run) {
  *run = NULL;
  lua_State *state = script->state;
  set_globals(script, stopped);
  evaluation what = {text, is_call, words, count, NULL, false};
  if (lua_cpcall(state, push_evaluation, &what) != 0) {
    lua_settop(state, 0);
    set_error(script, "not enough memory", 17);
    what.has_failed = true;
  }
  if (what.has_failed) {
    if (what.run) free_run(script, what.run, true);
    return CSCRIPT_FAILED;
  }
  cscript_state outcome = go_on(script, what.run, is_call ? 1 : 0);
  if (is_unfinished(outcome)) *run = what.run;
  return outcome;
}

/// The reply of a call that waited, and whether it is an error to be raised. Protected: it may not fit into the heap.
typedef struct {
  cscript_run *run;
  cscript_outcome outcome;
  cscript_word reply;
} answer;

static int push_answer(lua_State *state) {
  answer *what = lua_touserdata(state, 1);
  cscript *script = script_of(state);
  lua_State *thread = what->run->thread;
  lua_checkstack(thread, 4);
  if (what->outcome == CSCRIPT_REFUSED) {
    push_error_table(thread, what->reply.bytes, (size_t)what->reply.count);
  } else {
    size_t offset = 0;
    push_reply(script, thread, what->reply.bytes, (size_t)what->reply.count, &offset);
  }
  bool is_error = what->outcome == CSCRIPT_REFUSED
      || (what->reply.count > 0 && *(const char *)what->reply.bytes == '-');
  if (is_error) note_as_counted(thread);
  lua_pushboolean(thread, is_error && !what->run->is_protected_call);
  return 0;
}

cscript_state cscript_resume(
    cscript *script, cscript_run *run, cscript_outcome outcome, cscript_word reply) {
  lua_State *state = script->state;
  set_globals(script, run);
  if (outcome == CSCRIPT_WAITS) return go_on(script, run, 0);
  answer what = {run, outcome, reply};
  if (lua_cpcall(state, push_answer, &what) != 0) {
    lua_settop(state, 0);
    free_run(script, run, false);
    set_error(script, "ERR not enough memory", 21);
    return CSCRIPT_FAILED;
  }
  return go_on(script, run, 2);
}

void cscript_abandon(cscript *script, cscript_run *run) {
  free_run(script, run, false);
  lua_gc(script->state, LUA_GCCOLLECT, 0);
}

cscript_word cscript_result(cscript *script, int protocol) {
  cscript_run *run = script->free_runs;
  script->output.count = 0;
  begin_conversion(script);
  script->error_is_counted = false;
  if (!run || lua_gettop(run->thread) == 0) return (cscript_word){"", 0};
  bool is_written = write_result(script, run->thread, &script->output, protocol, 0);
  lua_settop(run->thread, 0);
  if (!is_written) return (cscript_word){"", 0};
  return (cscript_word){script->output.bytes, (long)script->output.count};
}
