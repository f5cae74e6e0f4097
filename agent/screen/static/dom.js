// A small keyed DOM: a screen is described by nested h() calls, and patch()
// changes the document to match, keeping every element whose key stays, so
// that focus and transitions survive.

const SVG = "http://www.w3.org/2000/svg";

// h describes an element. Children may be strings, descriptions, null or
// arrays of these. Of the properties, "key" names the element among its
// siblings, "style" is an object, and all others are attributes, left out when
// null or false.
export function h(tag, props, ...kids) {
  return { tag, props: props || {}, kids: flat(kids) };
}

// made describes an element that build() makes once, as long as key stays.
export function made(key, build) {
  return { key, build };
}

// svg makes an SVG element at once, for made().
export function svg(tag, attributes, ...kids) {
  const node = document.createElementNS(SVG, tag);
  for (const name in attributes) {
    node.setAttribute(name, attributes[name]);
  }
  for (const kid of kids) {
    node.appendChild(kid);
  }
  return node;
}

// patch makes the children of parent match kids.
export function patch(parent, kids) {
  const old = new Map();
  for (const node of Array.from(parent.childNodes)) {
    old.set(node.hkKey, node);
  }
  let at = parent.firstChild;
  kids.forEach((kid, i) => {
    const key = keyOf(kid, i);
    let node = old.get(key);
    if (node) {
      old.delete(key);
    } else {
      node = create(kid);
      node.hkKey = key;
    }
    update(node, kid);
    if (node === at) {
      at = at.nextSibling;
    } else {
      parent.insertBefore(node, at);
    }
  });
  old.forEach((node) => node.remove());
}

function keyOf(kid, i) {
  if (typeof kid === "string") {
    return "text " + i;
  }
  if (kid.build) {
    return "made " + kid.key;
  }
  return kid.tag + " " + (kid.props.key === undefined ? i : "=" + kid.props.key);
}

function create(kid) {
  if (typeof kid === "string") {
    return document.createTextNode(kid);
  }
  return kid.build ? kid.build() : document.createElement(kid.tag);
}

function update(node, kid) {
  if (typeof kid === "string") {
    if (node.data !== kid) {
      node.data = kid;
    }
  } else if (!kid.build) {
    attributes(node, kid.props);
    patch(node, kid.kids);
  }
}

// attributes sets what changed since the last time.
function attributes(node, props) {
  const before = node.hkProps || {};
  for (const name in before) {
    if (!(name in props)) {
      node.removeAttribute(name);
    }
  }
  for (const name in props) {
    const value = props[name];
    if (name === "key" || value === before[name]) {
      continue;
    }
    if (name === "style") {
      Object.assign(node.style, value);
    } else if (value === null || value === undefined || value === false) {
      node.removeAttribute(name);
    } else {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  node.hkProps = props;
}

function flat(kids) {
  const out = [];
  for (const kid of kids) {
    if (Array.isArray(kid)) {
      out.push(...flat(kid));
    } else if (kid !== null && kid !== undefined && kid !== false && kid !== "") {
      out.push(kid);
    }
  }
  return out;
}
