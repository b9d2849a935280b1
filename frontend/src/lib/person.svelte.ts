// Who is reading. On one machine a name is enough; the server keeps it with every change.

class Person {
  name = $state(localStorage.getItem("reader") ?? "");

  constructor() {
    $effect.root(() => {
      $effect(() => localStorage.setItem("reader", this.name));
    });
  }
}

export const person = new Person();
