export { cc } from "./cc.js";
export { ccNeighbors } from "./cc-neighbors.js";
export { pkt } from "./pkt.js";
export { rkdAngle } from "./rkd-angle.js";
export { rkdDistance } from "./rkd-distance.js";
export { seedQueue } from "./seed-queue.js";
export { sp } from "./sp.js";
