// `setfenv` and `getfenv` of Lua 5.1, for servers that are told to have them. Those of the interpreter lead out of the
// sandbox: to the environments of its own functions, and to scripts as they are kept for their next call.
#include "Internal.h"
#include <string.h>

typedef enum { OF_INTERPRETER, OF_SCRIPT, WHOLE_SCRIPT } ownership;

/// Pushes the function that the first argument is, or that stands at the level it names.
static ownership push_function(lua_State *state) {
  lua_Debug debug;
  if (lua_isfunction(state, 1)) {
    lua_pushvalue(state, 1);
  } else {
    int level = luaL_optint(state, 1, 1);
    luaL_argcheck(state, level >= 0, 1, "level must be non-negative");
    if (level == 0) {
      lua_pushnil(state);
      return OF_INTERPRETER;
    }
    if (!lua_getstack(state, level, &debug)) luaL_argerror(state, 1, "invalid level");
    lua_getinfo(state, "f", &debug);
    if (lua_isnil(state, -1)) {
      luaL_error(state, "no function environment for tail call at level %d", level);
    }
  }
  lua_pushvalue(state, -1);
  lua_getinfo(state, ">S", &debug);
  if (strcmp(debug.what, "C") == 0 || strcmp(debug.source, "=redis") == 0) return OF_INTERPRETER;
  bool is_kept = strcmp(debug.source, "@user_script") == 0 || strcmp(debug.source, "@user_function") == 0;
  return is_kept && strcmp(debug.what, "main") == 0 ? WHOLE_SCRIPT : OF_SCRIPT;
}

static int get_environment(lua_State *state) {
  if (push_function(state) == OF_INTERPRETER) {
    lua_rawgeti(state, LUA_REGISTRYINDEX, script_of(state)->environment_reference);
  } else {
    lua_getfenv(state, -1);
  }
  return 1;
}

static int set_environment(lua_State *state) {
  luaL_checktype(state, 2, LUA_TTABLE);
  if (push_function(state) != OF_SCRIPT) {
    return luaL_error(state, "'setfenv' cannot change environment of given object");
  }
  lua_pushvalue(state, 2);
  lua_setfenv(state, -2);
  return 1;
}

void open_deprecated(lua_State *state, int globals) {
  lua_pushcfunction(state, get_environment);
  lua_setfield(state, globals, "getfenv");
  lua_pushcfunction(state, set_environment);
  lua_setfield(state, globals, "setfenv");
  // The prelude makes it harmless.
  lua_getglobal(state, "newproxy");
  lua_setfield(state, globals, "newproxy");
}
