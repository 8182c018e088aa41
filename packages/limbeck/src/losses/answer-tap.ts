/** The tap that stands for what a network answers: unlike others it is known from stored answers as well. */
export const ANSWER = "<answer>";
