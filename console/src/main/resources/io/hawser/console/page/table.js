// SPDX-License-Identifier: Apache-2.0
// A table whose rows are kept from one look to the next, so that what has the focus, or is being read, stays.

export class Table {
  #columns;
  #body;
  #heads = new Map();
  #rows = new Map();

  /** @param sort called with the order of a column whose heading is pressed */
  constructor(table, columns, sort) {
    this.#columns = columns;
    const line = table.createTHead().insertRow();
    for (const column of columns) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.classList.toggle("number", Boolean(column.number));
      if (column.order) {
        const button = cell.appendChild(document.createElement("button"));
        button.type = "button";
        button.textContent = column.title;
        button.addEventListener("click", () => sort(column.order));
        this.#heads.set(column.order, cell);
      } else {
        cell.textContent = column.title;
      }
      line.append(cell);
    }
    this.#body = table.createTBody();
  }

  sorted(order, descending) {
    for (const [each, cell] of this.#heads) {
      if (each === order) {
        cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
      } else {
        cell.removeAttribute("aria-sort");
      }
    }
  }

  show(data, key) {
    const focused = this.#body.contains(document.activeElement) ? document.activeElement : null;
    const left = new Map(this.#rows);
    this.#rows = new Map();
    let place = null;
    for (const item of data) {
      const name = key(item);
      let row = left.get(name);
      left.delete(name);
      if (!row) {
        row = this.#make();
      }
      this.#rows.set(name, row);
      this.#fill(row, item);
    }
    for (const row of left.values()) {
      row.remove();
    }
    for (const row of this.#rows.values()) {
      const wanted = place ? place.nextElementSibling : this.#body.firstElementChild;
      if (row !== wanted) {
        this.#body.insertBefore(row, wanted);
      }
      place = row;
    }
    if (focused?.isConnected && document.activeElement !== focused) {
      focused.focus({ preventScroll: true });
    }
  }

  #make() {
    const row = document.createElement("tr");
    for (const column of this.#columns) {
      const cell = row.appendChild(document.createElement(column.head ? "th" : "td"));
      if (column.head) {
        cell.scope = "row";
      }
      cell.classList.toggle("number", Boolean(column.number));
      cell.classList.toggle("wrap", Boolean(column.wrap));
      if (column.button) {
        const button = cell.appendChild(document.createElement("button"));
        button.type = "button";
        button.textContent = column.button;
        button.addEventListener("click", () => column.press(row.item));
      } else if (column.meter) {
        cell.appendChild(document.createElement("meter"));
      }
    }
    return row;
  }

  #fill(row, item) {
    row.item = item;
    this.#columns.forEach((column, i) => {
      const cell = row.cells[i];
      if (column.button) {
        cell.firstChild.setAttribute("aria-label", column.label(item));
      } else if (column.meter) {
        const share = column.meter(item);
        cell.firstChild.value = share;
        cell.firstChild.textContent = `${Math.round(share * 100)} %`;
        cell.firstChild.setAttribute("aria-label", cell.firstChild.textContent);
      } else {
        const text = column.text(item);
        if (cell.textContent !== text) {
          cell.textContent = text;
        }
      }
      if (column.warn) {
        cell.classList.toggle("warn", column.warn(item));
      }
    });
  }
}
