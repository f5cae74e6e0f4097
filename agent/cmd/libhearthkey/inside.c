/* The client's code, with the agent in this process: see clients/c/hearthkey.h. */
#define HK_INSIDE 1
#include "../../../clients/c/hearthkey.c"
