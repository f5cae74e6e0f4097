package bundle

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const before = `<link rel="stylesheet" href="b.css">
<link rel="stylesheet" href="a.css">
<link rel="modulepreload" href="x.js">
<script type="module" src="main.js"></script>
`

const after = `<link rel="stylesheet" href="page.css">
<script type="module" src="page.js"></script>
`

const script = `const $y = (() => {
const TWO = 2;
function one() {}
return { TWO, one };
})();
const $x = (() => {
const { one } = $y;
const all = $y;
return { one };
})();
const $main = (() => {
const { one: uno } = $x;
uno();
return {  };
})();
`

func TestModulesBecomeOne(t *testing.T) {
	files := map[string][]byte{
		"index.html": []byte(before), "logo.svg": []byte("<svg/>"), "a.css": []byte("a{}\n"), "b.css": []byte("b{}\n"),
		"main.js": []byte("// Why.\nimport { one as uno } from \"./x.js\";\n\nuno();\n"),
		"x.js":    []byte("export { one } from \"./y.js\";\nimport * as all from \"./y.js\";\n"),
		"y.js":    []byte("export const TWO = 2;\n  // a comment\nexport function one() {}\n"),
	}
	got, err := Page(files)
	want := map[string][]byte{"index.html": []byte(after), "logo.svg": []byte("<svg/>"), "page.css": []byte("b{}\na{}\n"), "page.js": []byte(script)}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for name, line := range map[string]string{
		"what is not there": "import { a } from \"./z.js\";", "another folder": "import { a } from \"../x.js\";",
		"a default": "import a from \"./x.js\";", "a default export": "export default 3;",
	} {
		files["y.js"] = []byte(line)
		if _, err := Page(files); err == nil {
			t.Errorf("%s: %s was taken", name, line)
		}
	}
}
