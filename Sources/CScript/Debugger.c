// One run at a time may be watched: it is suspended before the lines it is to stop at, and then its variables can be
// looked at and expressions be evaluated.
#include "Internal.h"
#include <stdio.h>
#include <string.h>

void cscript_watch(
    cscript *script, cscript_run *run, bool stops_at_next_line, bool may_stop_here, const int *breakpoints,
    long count) {
  debugger *debugger = &script->debugger;
  if (may_stop_here) debugger->place = NULL;
  debugger->run = run;
  debugger->is_for_next_run = !run;
  debugger->stops_at_next_line = stops_at_next_line;
  debugger->stops_at_call = false;
  if (count > breakpoints_max) count = breakpoints_max;
  if (count) memcpy(debugger->breakpoints, breakpoints, sizeof(int) * (size_t)count);
  debugger->breakpoint_count = (int)count;
}

void cscript_unwatch(cscript *script) {
  script->debugger.run = NULL;
  script->debugger.is_for_next_run = false;
}

int cscript_stop_line(const cscript *script) { return script->debugger.line; }
cscript_stop_reason cscript_reason_of_stop(const cscript *script) { return script->debugger.reason; }

/// Whether the run that goes on is to stop before the line that it has come to.
bool stops_at_line(cscript *script, lua_State *thread, lua_Debug *debug) {
  debugger *debugger = &script->debugger;
  lua_getinfo(thread, "Sl", debug);
  if (strcmp(debug->source, "@user_script") != 0) return false;
  // The interpreter forgets where a coroutine was when it is suspended at a line, and comes to that line again.
  if (thread == debugger->place && debug->currentline == debugger->line) return false;
  debugger->place = NULL;
  debugger->line = debug->currentline;
  debugger->reason = STOP_STEP;
  for (int index = 0; index < debugger->breakpoint_count; index++) {
    if (debugger->breakpoints[index] == debug->currentline) debugger->reason = STOP_BREAKPOINT;
  }
  if (debugger->stops_at_call) debugger->reason = STOP_CALL;
  if (debugger->reason == STOP_STEP && !debugger->stops_at_next_line) return false;
  if (!lua_isyieldable(thread)) return false;
  debugger->stops_at_next_line = false;
  debugger->stops_at_call = false;
  debugger->place = thread;
  const char *name;
  int count = 0;
  while (count < variables_max && (name = lua_getlocal(thread, debug, count + 1))) {
    debugger->names[count++] = name;
    lua_pop(thread, 1);
  }
  debugger->name_count = count;
  return true;
}

// MARK: Values as text

enum { described_depth_max = 10, described_bytes_max = 1 << 20 };

static void append_quoted(buffer *text, const char *bytes, size_t count) {
  buffer_byte(text, '"');
  for (size_t index = 0; index < count; index++) {
    unsigned char byte = (unsigned char)bytes[index];
    switch (byte) {
      case '\\':
      case '"': buffer_byte(text, '\\'); buffer_byte(text, (char)byte); break;
      case '\n': buffer_text(text, "\\n"); break;
      case '\r': buffer_text(text, "\\r"); break;
      case '\t': buffer_text(text, "\\t"); break;
      case '\a': buffer_text(text, "\\a"); break;
      case '\b': buffer_text(text, "\\b"); break;
      default:
        if (byte >= 0x20 && byte < 0x7f) {
          buffer_byte(text, (char)byte);
        } else {
          char escape[5];
          snprintf(escape, sizeof escape, "\\x%02x", byte);
          buffer_text(text, escape);
        }
    }
  }
  buffer_byte(text, '"');
}

static void append_value(lua_State *state, buffer *text, int depth);

/// Whether the keys of the table at the top are 1, 2, 3 ... in this order.
static bool is_list(lua_State *state) {
  int expected = 1;
  lua_pushnil(state);
  while (lua_next(state, -2)) {
    lua_pop(state, 1);
    if (lua_type(state, -1) != LUA_TNUMBER || lua_tonumber(state, -1) != expected++) {
      lua_pop(state, 1);
      return false;
    }
  }
  return true;
}

static void append_table(lua_State *state, buffer *text, int depth) {
  bool shows_keys = !is_list(state), is_first = true;
  buffer_byte(text, '{');
  lua_pushnil(state);
  while (lua_next(state, -2)) {
    if (text->count > described_bytes_max) {
      lua_pop(state, 2);
      break;
    }
    if (!is_first) buffer_text(text, "; ");
    is_first = false;
    if (shows_keys) {
      buffer_byte(text, '[');
      lua_pushvalue(state, -2);
      append_value(state, text, depth);
      lua_pop(state, 1);
      buffer_text(text, "]=");
    }
    append_value(state, text, depth);
    lua_pop(state, 1);
  }
  buffer_byte(text, '}');
}

/// Writes the value at the top, and leaves it there.
static void append_value(lua_State *state, buffer *text, int depth) {
  luaL_checkstack(state, 6, "value nests too deeply");
  if (depth == described_depth_max) {
    return buffer_text(text, "<max recursion level reached! Nested table?>");
  }
  char short_text[64];
  size_t count;
  switch (lua_type(state, -1)) {
    case LUA_TSTRING: {
      const char *bytes = lua_tolstring(state, -1, &count);
      return append_quoted(text, bytes, count > described_bytes_max ? described_bytes_max : count);
    }
    case LUA_TBOOLEAN: return buffer_text(text, lua_toboolean(state, -1) ? "true" : "false");
    case LUA_TNUMBER: snprintf(short_text, sizeof short_text, "%g", lua_tonumber(state, -1)); break;
    case LUA_TNIL: return buffer_text(text, "nil");
    case LUA_TTABLE: return append_table(state, text, depth + 1);
    default:
      snprintf(
          short_text, sizeof short_text, "\"%s@%p\"", luaL_typename(state, -1), lua_topointer(state, -1));
  }
  buffer_text(text, short_text);
}

// MARK: Looking at a run that has stopped

typedef enum { LOOK_AT_VARIABLE, LOOK_AT_ALL, LOOK_AT_CALLS, LOOK_AT_RESULT } kind_of_look;

typedef struct {
  kind_of_look kind;
  const char *name;
} look;

/// The run's own KEYS or ARGV, which are no variables of its functions.
static bool push_words_of_run(cscript *script, lua_State *state, const char *name) {
  const cscript_run *run = script->debugger.run;
  if (!run || !run->has_globals) return false;
  bool are_keys = strcmp(name, "KEYS") == 0;
  if (!are_keys && strcmp(name, "ARGV") != 0) return false;
  lua_rawgeti(state, LUA_REGISTRYINDEX, are_keys ? run->keys_reference : run->arguments_reference);
  return true;
}

/// Pushes a variable of a function that `debug` names; its name, NULL if there are no more.
static const char *push_variable(
    cscript *script, lua_State *thread, lua_Debug *debug, int level, int index) {
  const char *name = lua_getlocal(thread, debug, index);
  if (level > 0 || !name) return name;
  return index <= script->debugger.name_count ? script->debugger.names[index - 1] : "(*temporary)";
}

static void append_variable(cscript *script, lua_State *thread, buffer *text, const char *wanted) {
  lua_Debug debug;
  const char *name;
  for (int level = 0; lua_getstack(thread, level, &debug); level++) {
    for (int index = 1; (name = push_variable(script, thread, &debug, level, index)); index++) {
      bool is_wanted = strcmp(name, wanted) == 0;
      if (is_wanted) {
        buffer_text(text, "<value> ");
        append_value(thread, text, 0);
      }
      lua_pop(thread, 1);
      if (is_wanted) return;
    }
  }
  if (push_words_of_run(script, thread, wanted)) {
    buffer_text(text, "<value> ");
    append_value(thread, text, 0);
    lua_pop(thread, 1);
  } else {
    buffer_text(text, "No such variable.");
  }
}

static void append_all_variables(cscript *script, lua_State *thread, buffer *text) {
  lua_Debug debug;
  const char *name;
  if (lua_getstack(thread, 0, &debug)) {
    for (int index = 1; (name = push_variable(script, thread, &debug, 0, index)); index++) {
      // What the interpreter keeps for itself has no name of its own.
      if (name[0] != '(') {
        if (text->count) buffer_byte(text, '\n');
        buffer_text(text, "<value> ");
        buffer_text(text, name);
        buffer_text(text, " = ");
        append_value(thread, text, 0);
      }
      lua_pop(thread, 1);
    }
  }
  if (!text->count) buffer_text(text, "No local variables in the current context.");
}

static void append_calls(cscript *script, lua_State *thread, buffer *text) {
  lua_Debug debug;
  char line[16];
  for (int level = 0; lua_getstack(thread, level, &debug); level++) {
    lua_getinfo(thread, "Snl", &debug);
    if (strcmp(debug.source, "@user_script") != 0) continue;
    if (text->count) buffer_byte(text, '\n');
    buffer_text(text, level == 0 ? "In " : "From ");
    buffer_text(text, debug.name ? debug.name : "top level");
    buffer_text(text, ":\n");
    snprintf(line, sizeof line, "%d", level == 0 ? script->debugger.line : debug.currentline);
    buffer_text(text, line);
  }
}

/// Protected: describing takes memory.
static int take_look(lua_State *state) {
  look *what = lua_touserdata(state, 1);
  cscript *script = script_of(state);
  buffer *text = &script->output;
  lua_State *thread = script->debugger.place;
  switch (what->kind) {
    case LOOK_AT_VARIABLE: append_variable(script, thread, text, what->name); break;
    case LOOK_AT_ALL: append_all_variables(script, thread, text); break;
    case LOOK_AT_CALLS: append_calls(script, thread, text); break;
    case LOOK_AT_RESULT: append_value(script->free_runs->thread, text, 0); break;
  }
  return 0;
}

static cscript_word describe(cscript *script, kind_of_look kind, const char *name) {
  look what = {kind, name};
  script->output.count = 0;
  if (lua_cpcall(script->state, take_look, &what) != 0) {
    lua_settop(script->state, 0);
    return (cscript_word){"<error> not enough memory", 25};
  }
  return (cscript_word){script->output.bytes, (long)script->output.count};
}

cscript_word cscript_variable(cscript *script, const char *name) {
  return describe(script, LOOK_AT_VARIABLE, name);
}
cscript_word cscript_variables(cscript *script) { return describe(script, LOOK_AT_ALL, NULL); }
cscript_word cscript_calls(cscript *script) { return describe(script, LOOK_AT_CALLS, NULL); }
cscript_word cscript_described_result(cscript *script) { return describe(script, LOOK_AT_RESULT, NULL); }

/// `redis.debug`: shows its arguments to whoever watches.
int redis_debug(lua_State *state) {
  cscript *script = script_of(state);
  if (!script->current || script->current != script->debugger.run) return 0;
  char line[32];
  snprintf(line, sizeof line, "<debug> line %d: ", script->debugger.line);
  buffer *text = &script->scratch;
  text->count = 0;
  buffer_text(text, line);
  int count = lua_gettop(state);
  for (int index = 1; index <= count; index++) {
    if (index > 1) buffer_text(text, ", ");
    lua_pushvalue(state, index);
    append_value(state, text, 0);
    lua_pop(state, 1);
  }
  script->host.debug(script->host.context, (cscript_word){text->bytes, (long)text->count});
  return 0;
}

/// `redis.breakpoint`: stops before the next line, where somebody watches.
int redis_breakpoint(lua_State *state) {
  cscript *script = script_of(state);
  bool is_watched = script->current && script->current == script->debugger.run;
  if (is_watched) script->debugger.stops_at_call = true;
  lua_pushboolean(state, is_watched);
  return 1;
}
