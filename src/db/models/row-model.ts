import { Model, Validator, type ValidatorArgs } from 'objection';

/** Rows are made by our own code, from what was checked at the edge. */
class Unchecked extends Validator {
  override validate({ json }: ValidatorArgs): ReturnType<Validator['validate']> {
    return json;
  }
}

/** What the models extend: Objection would make two JSON schema validators for each at its first write, 5 ms of a start. */
export class RowModel extends Model {
  static override createValidator(): Validator {
    return new Unchecked();
  }
}
