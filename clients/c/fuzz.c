/*
 * Feeds the client's reader with damaged messages; built with sanitizers by tools/e2e.
 *
 *   cc -g -O1 -fsanitize=address,undefined fuzz.c -o fuzz && ./fuzz 200000 SEED
 */
#include "hearthkey.c"

static unsigned long long state;

static unsigned dice(unsigned n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(state >> 33) % n;
}

static const char *const seeds[] = {
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"api\":1,\"agent\":\"1.2\"}}",
	"{\"jsonrpc\":\"2.0\",\"method\":\"view\",\"params\":{\"screen\":\"gate\",\"items\":[{\"id\":\"a\",\"label\":\"\\u00e9\\ud83d\\ude00\"}]}}",
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":\"no \\\"key\\\"\\n\"}}",
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"phase\":\"active\",\"online\":true,\"profile\":{\"id\":\"p\",\"name\":\"R\xc3\xb3\xe2\x82\xac\",\"level\":18},\"lease_left\":28800}}",
	"[[[[{\"a\":[1,2,{\"b\":null}]}]]]]",
};

/* Changes, cuts, doubles or inserts. */
static size_t damage(char *m, size_t length, size_t room)
{
	static const char bits[] = "{}[]\",:\\u0d8\x00\x80\xff\n-9";
	for (unsigned n = dice(6); n > 0 && length > 0; n--) {
		size_t at = dice((unsigned)length);
		switch (dice(4)) {
		case 0:
			m[at] = bits[dice(sizeof bits - 1)];
			break;
		case 1:
			length = at;
			break;
		case 2:
			if (length + (length - at) <= room) {
				memmove(m + length, m + at, length - at);
				length += length - at;
			}
			break;
		default:
			if (length < room) {
				memmove(m + at + 1, m + at, length - at);
				m[at] = bits[dice(sizeof bits - 1)];
				length++;
			}
		}
	}
	return length;
}

static void walk(struct span s)
{
	static const char *const keys[] = {"id", "method", "result", "error", "params", "profile", "name", "message", "screen", "code", ""};
	char small[4], big[64];
	struct span v;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (member(s, keys[i], &v) != 1)
			continue;
		if (v.at < s.at || v.end > s.end || v.at > v.end)
			abort();
		number(v);
		copy_string(v, small, sizeof small);
		if (strlen(small) >= sizeof small || copy_string(v, big, sizeof big) == 1 && strlen(big) >= sizeof big)
			abort();
		walk(v);
	}
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : 100000, kept = 0;
	static struct handle h;
	state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	for (long i = 0; i < rounds; i++) {
		char m[1024];
		const char *seed = seeds[dice(sizeof seeds / sizeof *seeds)];
		size_t length = strlen(seed);
		memcpy(m, seed, length);
		length = damage(m, length, sizeof m);
		char *exact = malloc(length + 1); /* of the message's size, so that a byte too far is seen */
		struct span s;
		memcpy(exact, m, length);
		s.at = exact;
		s.end = exact + length;
		walk(s);
		h.last = 1;
		h.fd = -1;
		kept += take(&h, s);
		set(&h.in, exact, length);
		if (reserve(&h.in, length + 2)) {
			h.in.at[h.in.length++] = '\n';
			take_all(&h);
		}
		free(exact);
	}
	for (int i = 0; i < EVENTS; i++)
		drop(&h.event[i]);
	drop(&h.in);
	drop(&h.answer);
	printf("%ld of %ld were messages\n", kept, rounds);
	return kept == 0;
}
