/*
 * An example host: middleware of a box, as a loop over its own input and the agent.
 *
 *   cc -std=c99 example_host.c hearthkey.c -o host
 *   ./host socket=/run/hearthkey/api
 *
 * It takes lines like "press OK", "decide t-1", "status" from its standard input, and prints
 * what comes of them and every screen that is shown. Where the agent ends it waits for it to come back.
 */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hearthkey.h"

/* The screen's name in a view: its first member. A real host has a JSON library. */
static void on_event(void *host, int event, const char *json, size_t length)
{
	int *events = host;
	(*events)++;
	if (event == HK_VIEW)
		printf("view %.*s\n", (int)(length < 60 ? length : 60), json);
	else
		printf("%s %.*s\n", event == HK_STATUS ? "status" : "grant", (int)(length < 60 ? length : 60), json);
}

static void said(const char *what, int code, int tv)
{
	printf("%s: %s%s%s\n", what, hk_error(code), code < 0 && hk_message(tv)[0] ? ": " : "", code < 0 ? hk_message(tv) : "");
}

static void show_status(int tv)
{
	struct hk_status s;
	int code = hk_get_status(tv, &s, sizeof s);
	if (code < 0)
		said("status", code, tv);
	else
		printf("status: %s %s profile=%s kids=%d level=%d agent=%s name=%s\n", s.phase, s.online ? "online" : "offline",
			s.profile, s.kids, s.level, s.agent, s.name);
}

static void decide(int tv, const char *title)
{
	struct hk_decision d;
	int code = hk_decide(tv, title, NULL, &d, sizeof d);
	if (code < 0)
		said("decide", code, tv);
	else
		printf("decide: %d %s%s %d\n", d.verdict, d.pin, d.reason, d.age);
}

static void show_grant(int tv)
{
	struct hk_grant g;
	int code = hk_get_grant(tv, &g, sizeof g);
	if (code < 0)
		said("grant", code, tv);
	else
		printf("grant: play=%ld title=%s token=%s left=%s\n", g.play, g.title, g.token[0] ? "yes" : "no", g.left > 0 ? "yes" : "no");
}

/* Carries out one line. */
static void command(int tv, char *line)
{
	char *word = strtok(line, " \n"), *rest = strtok(NULL, "\n"), big[4096];
	if (!word)
		return;
	if (!rest)
		rest = "";
	if (strcmp(word, "press") == 0)
		said(word, hk_press(tv, rest, 0), tv);
	else if (strcmp(word, "text") == 0)
		said(word, hk_text(tv, rest), tv);
	else if (strcmp(word, "launch") == 0)
		said(word, hk_launch(tv, rest, NULL), tv);
	else if (strcmp(word, "resume") == 0)
		said(word, hk_resume(tv), tv);
	else if (strcmp(word, "start") == 0)
		said(word, hk_report(tv, rest, "started", 0, 5400), tv);
	else if (strcmp(word, "stopped") == 0)
		said(word, hk_report(tv, rest, "stopped", 60, 5400), tv);
	else if (strcmp(word, "sign_out") == 0)
		said(word, hk_sign_out(tv), tv);
	else if (strcmp(word, "stop") == 0)
		said(word, hk_stop(tv), tv);
	else if (strcmp(word, "decide") == 0)
		decide(tv, rest);
	else if (strcmp(word, "grant") == 0)
		show_grant(tv);
	else if (strcmp(word, "status") == 0)
		show_status(tv);
	else if (strcmp(word, "small") == 0)
		said(word, hk_get_view(tv, big, 10), tv);
	else
		said(word, hk_call(tv, word, *rest ? rest : NULL, big, sizeof big), tv);
}

/* The host's loop: until its input ends, or the agent does. */
static int run(int tv)
{
	struct pollfd wait[2];
	char line[512];
	size_t length = 0;
	int events = 0;
	for (;;) {
		int code = hk_poll(tv, on_event, &events); /* before waiting: events come with answers too */
		if (code < 0) {
			said("ended", code, tv);
			return 1;
		}
		fflush(stdout);
		wait[0].fd = 0;
		wait[0].events = POLLIN;
		wait[1].fd = hk_fd(tv);
		wait[1].events = POLLIN;
		if (poll(wait, 2, -1) < 0)
			continue;
		if (wait[0].revents) {
			ssize_t n = read(0, line + length, sizeof line - 1 - length);
			char *nl;
			if (n <= 0)
				return 0;
			length += (size_t)n;
			line[length] = 0;
			while ((nl = memchr(line, '\n', length))) {
				*nl = 0;
				command(tv, line);
				length -= (size_t)(nl + 1 - line);
				memmove(line, nl + 1, length);
			}
		}
	}
}

int main(int argc, char **argv)
{
	int code, tv, tries;
	if (argc != 2) {
		fprintf(stderr, "usage: %s SETTINGS\n", argv[0]);
		return 2;
	}
	for (tries = 0; (tv = hk_open(argv[1])) == HK_EGONE && tries < 100; tries++)
		poll(NULL, 0, 100); /* the box starts its services in any order */
	if (tv < 0) {
		said("open", tv, 0);
		return 1;
	}
	code = hk_subscribe(tv, HK_VIEW | HK_STATUS | HK_GRANT);
	if (code < 0)
		said("subscribe", code, tv);
	code = run(tv);
	hk_close(tv);
	fflush(stdout);
	return code;
}
